// SPDX-License-Identifier: GPL-2.0
/*
 * Parameters of the module, and what Rust cannot call: inline functions, members of structures for
 * which there are no bindings, and what is compiled out where the kernel has no TPM or no audit. As
 * rust/helpers/ in the kernel, nothing here decides anything.
 */
#include <linux/audit.h>
#include <linux/build_bug.h>
#include <linux/device.h>
#include <linux/dmi.h>
#include <linux/eventpoll.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/sched/signal.h>
#include <linux/tpm.h>
#include <uapi/linux/wmi.h>

/* What kapi/ has a copy of, because it is not among the bindings. */
static_assert(sizeof(struct tpm_digest) == 2 + 64);
static_assert(TPM2_MAX_PCR_BANKS == 8);
static_assert(TPM_ALG_SHA1 == 4 && TPM_ALG_SHA256 == 0xb);
static_assert(TPM_ALG_SHA384 == 0xc && TPM_ALG_SHA512 == 0xd);
static_assert(sizeof(struct dmi_header) == 4);
static_assert(DMI_BIOS_VERSION == 2 && DMI_SYS_VENDOR == 6 && DMI_PRODUCT_NAME == 7);
static_assert(DMI_CHASSIS_TYPE == 19);
static_assert(sizeof(struct calling_interface_buffer) == 36);
static_assert((__force u32)FMODE_WRITE == 2);
static_assert((__force u32)(FMODE_PREAD | FMODE_PWRITE) == ((1 << 3) | (1 << 4)));
static_assert((__force u32)(EPOLLIN | EPOLLRDNORM) == (0x1 | 0x40));
static_assert(IOCB_NOWAIT == 8);

/*
 * Loaded first where it can be. Were its symbols imported, this module could not be loaded where
 * that one cannot.
 */
MODULE_SOFTDEP("pre: dell-smbios");

/* kapi/params.rs has copies of these. Their mode is 0: no file of sysfs, and no later change. */
extern bool milspec_allow_restricted, milspec_filter, milspec_force, milspec_require_tpm;
extern unsigned int milspec_event_interval, milspec_pcr, milspec_verify_interval;

bool milspec_allow_restricted;
module_param_named(allow_restricted, milspec_allow_restricted, bool, 0);
MODULE_PARM_DESC(allow_restricted,
		 "Let controls of class restricted be changed (not when locked down)");

unsigned int milspec_event_interval;
module_param_named(event_interval, milspec_event_interval, uint, 0);
MODULE_PARM_DESC(event_interval,
		 "Least seconds between checks of the firmware that events of Dell's (hotkeys and others) lead to (0: none)");

bool milspec_filter;
module_param_named(filter, milspec_filter, bool, 0);
MODULE_PARM_DESC(filter,
		 "Take controls whose tokens mainline keeps from user space for restricted");

bool milspec_force;
module_param_named(force, milspec_force, bool, 0);
MODULE_PARM_DESC(force, "Load on a machine that is not a Dell");

unsigned int milspec_pcr = 13;
module_param_named(pcr, milspec_pcr, uint, 0);
MODULE_PARM_DESC(pcr, "PCR of the TPM that changes are extended into: 8, 9, 11 to 15");

bool milspec_require_tpm;
module_param_named(require_tpm, milspec_require_tpm, bool, 0);
MODULE_PARM_DESC(require_tpm, "Refuse changes while the TPM cannot be read");

unsigned int milspec_verify_interval;
module_param_named(verify_interval, milspec_verify_interval, uint, 0);
MODULE_PARM_DESC(verify_interval,
		 "Seconds between checks of the firmware, each of tens of firmware calls (0: none)");

struct tpm_chip *milspec_tpm_get(void);
void milspec_tpm_put(struct tpm_chip *chip);
u32 milspec_tpm_bank(struct tpm_chip *chip, u32 index);
int milspec_tpm_read(struct tpm_chip *chip, u32 pcr, struct tpm_digest *digest);
int milspec_tpm_extend(struct tpm_chip *chip, u32 pcr, struct tpm_digest *digests);
void milspec_audit_refused(const char *interface, int error);
bool milspec_is_dying(void);
int milspec_mutex_lock_killable(struct mutex *lock);
int milspec_notifier_from_errno(int error);
bool milspec_task_sigpending(void);
bool milspec_module_get(void);
void milspec_module_put(void);

/* The first TPM 2.0, with a reference, or NULL. */
struct tpm_chip *milspec_tpm_get(void)
{
	struct tpm_chip *chip = tpm_default_chip();

	/* Set before the chip can be found. tpm_is_tpm2() says no of one that is busy as well. */
	if (chip && !(chip->flags & TPM_CHIP_FLAG_TPM2)) {
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

/* Whether a signal is pending that kills the calling task. */
bool milspec_is_dying(void)
{
	return fatal_signal_pending(current);
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

bool milspec_module_get(void)
{
	return try_module_get(THIS_MODULE);
}

void milspec_module_put(void)
{
	module_put(THIS_MODULE);
}
