// SPDX-License-Identifier: GPL-2.0
/*
 * What Rust cannot call: inline functions, members of structures for which there are no bindings,
 * and what is compiled out where the kernel has no TPM or no audit. As rust/helpers/ in the kernel,
 * nothing here decides anything.
 */
#include <linux/audit.h>
#include <linux/build_bug.h>
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/sched/signal.h>
#include <linux/tpm.h>

/* kapi/tpm.rs has the same structure. */
static_assert(sizeof(struct tpm_digest) == 2 + 64);

struct tpm_chip *milspec_tpm_get(void);
void milspec_tpm_put(struct tpm_chip *chip);
u32 milspec_tpm_bank(struct tpm_chip *chip, u32 index);
int milspec_tpm_read(struct tpm_chip *chip, u32 pcr, struct tpm_digest *digest);
int milspec_tpm_extend(struct tpm_chip *chip, u32 pcr, struct tpm_digest *digests);
void milspec_audit_refused(const char *interface, int error);
int milspec_mutex_lock_killable(struct mutex *lock);
int milspec_notifier_from_errno(int error);
bool milspec_task_sigpending(void);

/* The first TPM 2.0, with a reference, or NULL. */
struct tpm_chip *milspec_tpm_get(void)
{
	struct tpm_chip *chip = tpm_default_chip();

	if (chip && tpm_is_tpm2(chip) <= 0) {
		milspec_tpm_put(chip);
		return NULL;
	}
	return chip;
}

void milspec_tpm_put(struct tpm_chip *chip)
{
	put_device(&chip->dev);
}

/* Algorithm of the bank with this index, 0 when there are not so many. Constant. */
u32 milspec_tpm_bank(struct tpm_chip *chip, u32 index)
{
	return index < chip->nr_allocated_banks ? chip->allocated_banks[index].alg_id : 0;
}

int milspec_tpm_read(struct tpm_chip *chip, u32 pcr, struct tpm_digest *digest)
{
	return tpm_pcr_read(chip, pcr, digest);
}

int milspec_tpm_extend(struct tpm_chip *chip, u32 pcr, struct tpm_digest *digests)
{
	return tpm_pcr_extend(chip, pcr, digests);
}

/* Says that a request of the calling task was refused, where somebody audits. */
void milspec_audit_refused(const char *interface, int error)
{
	struct audit_buffer *ab;

	if (audit_enabled == AUDIT_OFF)
		return;
	ab = audit_log_start(audit_context(), GFP_KERNEL, AUDIT_KERNEL_OTHER);
	if (!ab)
		return;
	audit_log_format(ab, "op=dell_milspec interface=%s error=%d res=0", interface, error);
	audit_log_task_info(ab);
	audit_log_end(ab);
}

/* A macro where the kernel checks its locks. */
int milspec_mutex_lock_killable(struct mutex *lock)
{
	return mutex_lock_killable(lock);
}

int milspec_notifier_from_errno(int error)
{
	return notifier_from_errno(error);
}

/* Whether the calling task has a signal, and not only work to do when it leaves the kernel. */
bool milspec_task_sigpending(void)
{
	return task_sigpending(current);
}
