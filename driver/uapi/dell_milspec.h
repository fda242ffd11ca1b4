/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Generated from driver/uapi: do not edit.
 *
 * Wire types of /dev/milspec.
 *
 * This one source is compiled into the kernel module and into its clients, and the C header
 * dell_milspec.h beside it is generated from it. Nothing here depends on anything of ours.
 *
 * Every request is an ioctl() on /dev/milspec whose argument points at a structure that
 * starts with its own size in bytes. The size says which version of the structure the caller
 * knows:
 *
 * - smaller than the structure of version 1.0, its SIZE_MIN: EINVAL;
 * - larger than the driver's version: the bytes that the driver does not know must be zero, else
 *   E2BIG; it leaves them as they are;
 * - larger than MILSPEC_SIZE_MAX: E2BIG;
 * - in between: the driver fills the part that the caller has room for.
 *
 * Arrays that a request points at have a stride beside their address: the size of one element, as
 * the caller knows it. It is a multiple of 8, at least the element's SIZE_MIN and at most
 * MILSPEC_SIZE_MAX, else EINVAL. Of an element that the driver reads, the bytes that it does not
 * know must be zero, else E2BIG; of one that it writes, it sets them to zero.
 *
 * So a new field is appended, 0 means "as before", and old and new callers and drivers mix
 * within one major version. All structures have the same layout for 32-bit and 64-bit callers.
 * flags and fields named reserved must be zero in what the driver reads, else EINVAL, and are
 * zero in what it writes. Text is ASCII, padded with zero bytes, and not terminated when it fills
 * its field.
 *
 * read() gives the journal: see struct milspec_event.
 */
#ifndef _DELL_MILSPEC_H
#define _DELL_MILSPEC_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Name of the device node below /dev. */
#define MILSPEC_DEVICE_NAME "milspec"

/* Major version of this interface. A client refuses a driver with another one. */
#define MILSPEC_ABI_MAJOR 1

/* Minor version of this interface: it grows when a field, flag or request is added. */
#define MILSPEC_ABI_MINOR 0

/* Largest size, in bytes, that a request may state for its own structure, and largest stride. */
#define MILSPEC_SIZE_MAX 4096

/*
 * ioctl() type byte of all requests. Not used by any entry of the kernel's
 * Documentation/userspace-api/ioctl/ioctl-number.rst.
 */
#define MILSPEC_IOC_TYPE 0xDE

/* What the driver is and what it found: fills struct milspec_info. */
#define MILSPEC_IOC_INFO _IOWR(MILSPEC_IOC_TYPE, 0, struct milspec_head)

/* The state of the driver and its families: fills struct milspec_status. Makes no firmware call. */
#define MILSPEC_IOC_STATUS _IOWR(MILSPEC_IOC_TYPE, 1, struct milspec_head)

/*
 * All controls as last read: fills struct milspec_controls and its array. Makes no firmware call.
 */
#define MILSPEC_IOC_CONTROLS _IOWR(MILSPEC_IOC_TYPE, 2, struct milspec_head)

/*
 * Reads all controls from the firmware: fills struct milspec_refresh.
 *
 * Firmware calls can stop every core for milliseconds, so this takes what a change takes: a
 * descriptor opened for writing (else EBADF) and CAP_SYS_ADMIN in the initial user namespace (else
 * EPERM).
 */
#define MILSPEC_IOC_REFRESH _IOWR(MILSPEC_IOC_TYPE, 3, struct milspec_head)

/*
 * What an apply would do now: fills struct milspec_apply and its array of steps. Makes no firmware
 * call.
 *
 * What MILSPEC_IOC_APPLY would refuse is an answer here: the call succeeds, with
 * MILSPEC_OUTCOME_REFUSED.
 */
#define MILSPEC_IOC_PLAN _IOWR(MILSPEC_IOC_TYPE, 4, struct milspec_head)

/*
 * Brings the controls to a target, all of them or none: fills struct milspec_apply and its array of
 * steps.
 *
 * Everything is read first, as by MILSPEC_IOC_REFRESH, and the generation is checked after that.
 * Each step is read, written, read back and compared; when one fails, or a signal arrives, those
 * before it are undone in reverse, where nobody else has changed their controls since. Takes what
 * MILSPEC_IOC_REFRESH takes. Fails with EACCES when refused (MILSPEC_OUTCOME_REFUSED), ECANCELED
 * when undone (MILSPEC_OUTCOME_UNDONE), EIO when degraded (MILSPEC_OUTCOME_DEGRADED) and EBUSY on a
 * conflict (MILSPEC_OUTCOME_CONFLICT): the answer is filled then as well. With any other error but
 * EFAULT nothing was written to the firmware, and the answer is as it was, but for request, for the
 * array of steps, which may hold zeros, and for step_count with ENOSPC.
 *
 * All memory for the answer is written to before anything is done, request into it, and EFAULT then
 * means that nothing was done. Where that memory is gone when the answer is there, the call fails
 * with EFAULT as well: how the request ended is in milspec_status.last_request and the fields
 * beside it until the next one ends, and in the journal.
 */
#define MILSPEC_IOC_APPLY _IOWR(MILSPEC_IOC_TYPE, 5, struct milspec_head)

/*
 * Begins and ends a training, and says how that stands: see struct milspec_training.
 *
 * While there is one, all other requests but MILSPEC_IOC_INFO and the files in sysfs speak of the
 * copy, and say so: MILSPEC_STATUS_TRAINING, MILSPEC_ANSWER_TRAINING, the file training.
 * MILSPEC_IOC_APPLY and MILSPEC_IOC_REFRESH then take nothing but an open descriptor; no firmware
 * is written to. What was read before it began or ended is of another generation.
 */
#define MILSPEC_IOC_TRAINING _IOWR(MILSPEC_IOC_TYPE, 6, struct milspec_head)

/* milspec_apply.mode: no mode, only the targets of the list. */
#define MILSPEC_MODE_NONE 0

/*
 * milspec_apply.mode: what each control had before the driver first changed it. The driver
 * remembers that until it is unloaded; a list says it of controls that a caller remembers, and from
 * then on the driver does too.
 */
#define MILSPEC_MODE_BASELINE 1

/* milspec_apply.mode: what costs no function of the machine. */
#define MILSPEC_MODE_STANDARD 2

/* milspec_apply.mode: closes paths into the machine that few people use. */
#define MILSPEC_MODE_ENHANCED 3

/* milspec_apply.mode: sensors, radios and removable media off. */
#define MILSPEC_MODE_PARANOID 4

/* milspec_apply.mode: all of that and stealth; latches until the next boot. */
#define MILSPEC_MODE_PARANOID_PLUS 5

/*
 * milspec_apply.options: the caller accepts that this mode latches: no other mode, no deviation and
 * no unloading of the module before the next boot. Without it MILSPEC_MODE_PARANOID_PLUS is
 * refused, unless it is latched already.
 */
#define MILSPEC_APPLY_CONFIRM_LATCH 1

/*
 * milspec_apply.options, of MILSPEC_IOC_PLAN only, with a mode and without a list: the array is not
 * for the steps but for all that the mode asks of this machine, each control that it speaks of
 * once, in no order: MILSPEC_STEP_PLANNED, MILSPEC_STEP_HOLDS or MILSPEC_STEP_OUT_OF_REACH.
 */
#define MILSPEC_APPLY_LINES 2

/*
 * milspec_apply.options: the request is meant for a training: outside of one it fails with ENODEV,
 * and nothing is done. With neither this nor MILSPEC_APPLY_MACHINE a request is for what there is:
 * in a training for the copy.
 */
#define MILSPEC_APPLY_TRAINING 4

/*
 * milspec_apply.options: the request is meant for the machine: in a training it fails with EAGAIN,
 * and nothing is done.
 */
#define MILSPEC_APPLY_MACHINE 8

/* milspec_apply.outcome: the driver has not answered. */
#define MILSPEC_OUTCOME_NONE 0

/* milspec_apply.outcome: the steps are what an apply would do now. */
#define MILSPEC_OUTCOME_PLANNED 1

/*
 * milspec_apply.outcome: every step was done and read back; with no steps, everything held already.
 */
#define MILSPEC_OUTCOME_DONE 2

/* milspec_apply.outcome: refused before anything was written; reason says why. */
#define MILSPEC_OUTCOME_REFUSED 3

/* milspec_apply.outcome: a step failed, and everything is as it was before. */
#define MILSPEC_OUTCOME_UNDONE 4

/*
 * milspec_apply.outcome: a step failed, and some controls could not be put back: those whose step
 * is MILSPEC_STEP_DEGRADED.
 */
#define MILSPEC_OUTCOME_DEGRADED 5

/*
 * milspec_apply.outcome: a control was not as planned when its turn came, or somebody else changed
 * it meanwhile: what was done is undone where nobody else has changed it since. control is the one
 * that moved.
 */
#define MILSPEC_OUTCOME_CONFLICT 6

/* milspec_apply.reason: not refused. */
#define MILSPEC_REASON_NONE 0

/* milspec_apply.reason: this machine has no such control. */
#define MILSPEC_REASON_NO_CONTROL 1

/* milspec_apply.reason: the control has no such value on this machine. */
#define MILSPEC_REASON_NO_VALUE 2

/* milspec_apply.reason: the list names the control more than once. */
#define MILSPEC_REASON_TWICE 3

/* milspec_apply.reason: the control is quarantined. */
#define MILSPEC_REASON_QUARANTINED 4

/* milspec_apply.reason: the control cannot be changed on this machine. */
#define MILSPEC_REASON_READ_ONLY 5

/*
 * milspec_apply.reason: the control is restricted, and the module was not loaded with
 * allow_restricted=1, or the kernel is locked down.
 */
#define MILSPEC_REASON_RESTRICTED 6

/* milspec_apply.reason: this model of machine is known not to survive the change. */
#define MILSPEC_REASON_DENIED 7

/*
 * milspec_apply.reason: the control could not be read, so that its present value could not be put
 * back: a mode is refused as well, until it can be read.
 */
#define MILSPEC_REASON_UNREADABLE 8

/* milspec_apply.reason: it needs another control, needs, to be active, which it would not be. */
#define MILSPEC_REASON_DEPENDENCY 9

/* milspec_apply.reason: another control, needs, depends on it and would stay active. */
#define MILSPEC_REASON_NEEDED 10

/* milspec_apply.reason: its dependencies lead back to itself. */
#define MILSPEC_REASON_CYCLE 11

/* milspec_apply.reason: the driver is latched in MILSPEC_MODE_PARANOID_PLUS. */
#define MILSPEC_REASON_LATCHED 12

/* milspec_apply.reason: the mode latches, and MILSPEC_APPLY_CONFIRM_LATCH was not given. */
#define MILSPEC_REASON_UNCONFIRMED 13

/* milspec_apply.reason: the module was loaded with require_tpm=1, and the TPM cannot be read. */
#define MILSPEC_REASON_NO_TPM 14

/*
 * milspec_apply.reason: the control was read, and its present value is none that the driver knows
 * or could put back: a mode leaves the control out, a list that names it is refused.
 */
#define MILSPEC_REASON_UNKNOWN 15

/* milspec_step.state: not begun. */
#define MILSPEC_STEP_PLANNED 0

/* milspec_step.state: done, and read back. */
#define MILSPEC_STEP_DONE 1

/*
 * milspec_step.state: failed with error; the old value is in force, or nothing was written because
 * the control could not be read.
 */
#define MILSPEC_STEP_FAILED 2

/* milspec_step.state: was done; the old value was put back, and read back. */
#define MILSPEC_STEP_UNDONE 3

/* milspec_step.state: the old value could not be put back, for error. */
#define MILSPEC_STEP_DEGRADED 4

/* milspec_step.state: the control was found changed by somebody else and left as it is: now. */
#define MILSPEC_STEP_MOVED 5

/* milspec_step.state, with MILSPEC_APPLY_LINES: the control has that value already. */
#define MILSPEC_STEP_HOLDS 6

/*
 * milspec_step.state, with MILSPEC_APPLY_LINES: the control cannot have that value, for reason.
 * With MILSPEC_REASON_UNREADABLE the whole mode is refused; else it leaves the control as it is.
 */
#define MILSPEC_STEP_OUT_OF_REACH 7

/* milspec_target.value: leave the control as it is, whatever the mode asks for. */
#define MILSPEC_TARGET_LEAVE 255

/*
 * milspec_target.value: take the value that the control has as it is: nothing is written, and its
 * drift is settled.
 */
#define MILSPEC_TARGET_ACCEPT 254

/* Most targets of one request (E2BIG). */
#define MILSPEC_TARGETS_MAX 1024

/* Most steps that a request may have room for (EINVAL). */
#define MILSPEC_STEPS_MAX 1024

/* milspec_control.family: Dell's SMBIOS tokens, through mainline's dell-smbios. */
#define MILSPEC_FAMILY_PLATFORM 1

/* milspec_control.family: devices of the ACPI device DSML0001. */
#define MILSPEC_FAMILY_DSMIL 2

/* milspec_control.class: may be changed. */
#define MILSPEC_CLASS_SAFE 0

/* milspec_control.class: may be changed; each change is worth an administrator's attention. */
#define MILSPEC_CLASS_MONITORED 1

/* milspec_control.class: changed only where a module parameter allows this class. */
#define MILSPEC_CLASS_RESTRICTED 2

/* milspec_control.class: never changed, by no path. */
#define MILSPEC_CLASS_QUARANTINED 3

/* milspec_control.class: cannot be changed. */
#define MILSPEC_CLASS_READ_ONLY 4

/* milspec_control.presence: the machine lists every value of the control. */
#define MILSPEC_PRESENCE_FULL 0

/*
 * milspec_control.presence: the machine lists some values of the control, see
 * MILSPEC_VALUE_PRESENT, or not all that it depends on.
 */
#define MILSPEC_PRESENCE_PARTIAL 1

/* milspec_control.presence: the machine's tables contradict themselves about this control. */
#define MILSPEC_PRESENCE_CONTRADICTORY 2

/* milspec_control.reading: current is the index of the value in force. */
#define MILSPEC_READING_KNOWN 0

/* milspec_control.reading: the firmware answered, but none of the values matches. */
#define MILSPEC_READING_UNKNOWN 1

/* milspec_control.reading: the firmware answered, but more than one value matches. */
#define MILSPEC_READING_AMBIGUOUS 2

/* milspec_control.reading: reading failed; error says why. */
#define MILSPEC_READING_FAILED 3

/* milspec_control.access: the control can only be read. */
#define MILSPEC_ACCESS_READ_ONLY 0

/* milspec_control.access: the control can be changed, as its class allows. */
#define MILSPEC_ACCESS_READ_WRITE 1

/* milspec_control.properties: the firmware reports tampering with this device. */
#define MILSPEC_CONTROL_TAMPER 1

/*
 * milspec_control.properties: the value is not the one that the mode of milspec_status.mode asks
 * for.
 */
#define MILSPEC_CONTROL_DEVIATES 2

/* milspec_control.properties: the value is not the one that the driver last wrote. */
#define MILSPEC_CONTROL_DRIFTED 4

/* milspec_control.properties: an apply failed, and could not put the old value back. */
#define MILSPEC_CONTROL_DEGRADED 8

/*
 * milspec_control.properties: the value is another one than when the module was loaded; in force
 * after the next boot, as far as the driver can know.
 */
#define MILSPEC_CONTROL_PENDING_REBOOT 16

/*
 * milspec_control.properties: never changed on this model of machine, which is known not to survive
 * it.
 */
#define MILSPEC_CONTROL_DENIED 32

/*
 * milspec_control.properties: the mode of milspec_status.mode asks for a value, wanted, that the
 * control cannot have here and has not got, for unreached_reason.
 */
#define MILSPEC_CONTROL_UNREACHED 64

/*
 * milspec_control_value.properties: the machine lists this value, or it is the one of a flag that
 * has no token.
 */
#define MILSPEC_VALUE_PRESENT 1

/*
 * milspec_control_value.properties: read holds what the firmware answered when it was last asked.
 */
#define MILSPEC_VALUE_READ 2

/*
 * milspec_control_value.properties: this value is in force. Without MILSPEC_VALUE_PRESENT: of two
 * values it is the one that the machine does not list, and the other is not in force.
 */
#define MILSPEC_VALUE_ACTIVE 4

/*
 * milspec_control_value.properties: that it may be written rests on tables of real machines alone.
 * Mainline keeps its token from user space, and nobody has yet reported a write of it on hardware.
 */
#define MILSPEC_VALUE_UNTRIED 8

/*
 * milspec_control_value.properties: a machine that is reached over a network may be out of reach
 * when this value is in force: it switches off a port, a radio, or what a network adapter is
 * plugged into.
 */
#define MILSPEC_VALUE_CUTS_NETWORK 16

/* milspec_control.current when no single value is known to be in force. */
#define MILSPEC_INDEX_NONE 255

/* Most values that a control can have. */
#define MILSPEC_CONTROL_VALUES 8

/* Most controls that a control can depend on. */
#define MILSPEC_CONTROL_DEPENDS 4

/*
 * milspec_event.kind: the module was loaded; the first record, sequence 1. With MILSPEC_EVENT_PCR,
 * extra is what the PCR held before anything was extended into it; else error says why that is not
 * known.
 */
#define MILSPEC_KIND_LOAD 1

/*
 * milspec_event.kind: the driver has bound to the ACPI device DSML0001. error is what made it of no
 * use, else 0; count is how many devices it has.
 */
#define MILSPEC_KIND_BIND 2

/* milspec_event.kind: the driver has let go of DSML0001. */
#define MILSPEC_KIND_UNBIND 3

/* milspec_event.kind: an apply has begun, with count steps. mode is what was asked for. */
#define MILSPEC_KIND_APPLY_BEGUN 4

/*
 * milspec_event.kind: the apply that began with record about has ended, as outcome says. control is
 * the one whose step failed first, error why; count is the number of steps done.
 */
#define MILSPEC_KIND_APPLY_ENDED 5

/*
 * milspec_event.kind: what has become of one step of the apply that began with record about, as
 * step says: control, from, to and, where it failed, error. Steps that were not begun have no
 * record.
 */
#define MILSPEC_KIND_STEP 6

/*
 * milspec_event.kind: a request was refused, and nothing was written: for reason, which speaks of
 * control and needs, or with error where the caller has no right (EPERM, EBADF) or has decided on
 * another generation (EAGAIN).
 */
#define MILSPEC_KIND_REFUSED 7

/*
 * milspec_event.kind: count more requests were refused because their caller had no right, and have
 * no record of their own. error and the actor are those of the last one.
 */
#define MILSPEC_KIND_SUPPRESSED 8

/*
 * milspec_event.kind: control was found to have the value to, where it had from before, and nobody
 * had asked the driver for that. MILSPEC_INDEX_NONE: the value is not known. With
 * MILSPEC_EVENT_DRIFT the driver had set it.
 */
#define MILSPEC_KIND_OUTSIDE_CHANGE 9

/* milspec_event.kind: the firmware reports tampering with control. */
#define MILSPEC_KIND_TAMPER 10

/* milspec_event.kind: latched in mode, until the next boot. */
#define MILSPEC_KIND_LATCH 11

/*
 * milspec_event.kind: the machine has woken up, and everything was read anew; count controls read
 * differently, error is what made the reading fail.
 */
#define MILSPEC_KIND_RESUME 12

/*
 * milspec_event.kind: count records with MILSPEC_EVENT_ANCHORED, the first of which is about, could
 * not be extended into the PCR, for error.
 */
#define MILSPEC_KIND_ANCHOR_FAILED 13

/*
 * milspec_event.kind: the apply that began with record about has accepted control as it is, with
 * the value to. from is what the driver had last written or found there, if it had.
 */
#define MILSPEC_KIND_ACCEPTED 14

/*
 * milspec_event.kind: a training has begun (MILSPEC_IOC_TRAINING), the one with the number count.
 * Recorded twice: in the journal, where the first half of extra is the load of the training's
 * records, and as the first of these.
 */
#define MILSPEC_KIND_TRAINING_BEGUN 15

/*
 * milspec_event.kind: the training with the number count has ended. Recorded twice, as its begin.
 */
#define MILSPEC_KIND_TRAINING_ENDED 16

/*
 * milspec_event.kind, of a training: somebody had the copy behave as hardware can. count is the
 * MILSPEC_INJECT_ number; control, to (where it speaks of a value), error (the errno or the
 * milliseconds) and, as numbers of 32 bits at the begin of extra, after and count are what was
 * asked for.
 */
#define MILSPEC_KIND_INJECTED 17

/*
 * milspec_event.kind: not a record. read() makes it up where records were overwritten before this
 * descriptor came to them: count of them, the last of which was sequence; chain is the chain value
 * of that one, so that the next record can be verified. Has MILSPEC_EVENT_UNCHAINED; fields not
 * named here, but kind, severity and load, are zero.
 */
#define MILSPEC_KIND_GAP 65535

/* milspec_event.severity: as in syslog(3): the machine is not in the state that was asked for. */
#define MILSPEC_SEVERITY_ERROR 3

/* milspec_event.severity: as in syslog(3): somebody should have a look. */
#define MILSPEC_SEVERITY_WARNING 4

/* milspec_event.severity: as in syslog(3): a change. */
#define MILSPEC_SEVERITY_NOTICE 5

/* milspec_event.severity: as in syslog(3): anything else. */
#define MILSPEC_SEVERITY_INFO 6

/* milspec_event.origin: it came through an ioctl() on the device node. */
#define MILSPEC_ORIGIN_IOCTL 1

/* milspec_event.origin: it came through a file below /sys/devices/faux/dell_milspec. */
#define MILSPEC_ORIGIN_SYSFS 2

/* milspec_event.origin: the driver itself. The actor is the task that it happened to run in. */
#define MILSPEC_ORIGIN_DRIVER 3

/*
 * milspec_event.origin: it came through a file below /sys/class/firmware-attributes/dell-milspec.
 * The actor is whoever wrote to the file: of a change by fwupd, its daemon.
 */
#define MILSPEC_ORIGIN_FIRMWARE_ATTRIBUTES 4

/*
 * milspec_event.properties: the digest of this record is extended into the PCR pcr, in the order of
 * the sequence, unless a record MILSPEC_KIND_ANCHOR_FAILED says otherwise.
 */
#define MILSPEC_EVENT_ANCHORED 1

/* milspec_event.properties: extra is the value of the PCR pcr, in the SHA-256 bank. */
#define MILSPEC_EVENT_PCR 2

/* milspec_event.properties: made up by read(); not part of the chain. */
#define MILSPEC_EVENT_UNCHAINED 4

/*
 * milspec_event.properties: the apply has a list of controls, exceptions from mode where there is
 * one.
 */
#define MILSPEC_EVENT_LIST 8

/*
 * milspec_event.properties, of MILSPEC_KIND_OUTSIDE_CHANGE: the value from was the driver's doing,
 * so that the control has drifted: MILSPEC_CONTROL_DRIFTED.
 */
#define MILSPEC_EVENT_DRIFT 16

/*
 * milspec_event.properties: a record of a training: nothing of it has happened to the machine.
 * read() gives such records to a descriptor that has asked for them (MILSPEC_TRAINING_FOLLOW), and
 * to no other. Those of one training have a load, sequences and a chain of their own. None has
 * MILSPEC_EVENT_ANCHORED.
 */
#define MILSPEC_EVENT_TRAINING 32

/* milspec_event.login_uid of a task that nobody has logged in for. */
#define MILSPEC_LOGIN_UID_NONE 4294967295

/* The size of an struct milspec_event in bytes. It has no other. */
#define MILSPEC_EVENT_SIZE 176

/* How many bytes of an struct milspec_event its chain value covers: all before chain. */
#define MILSPEC_EVENT_CHAINED 144

/* milspec_info.properties: the module was loaded with force on a machine that is not a Dell. */
#define MILSPEC_INFO_FORCED 1

/* milspec_family_status.state: this machine has no such family. */
#define MILSPEC_FAMILY_ABSENT 0

/* milspec_family_status.state: found and last read without an error of the whole family. */
#define MILSPEC_FAMILY_READY 1

/* milspec_family_status.state: found, but the last read failed as a whole; error says why. */
#define MILSPEC_FAMILY_FAILED 2

/* milspec_status.properties: latched in MILSPEC_MODE_PARANOID_PLUS until the next boot. */
#define MILSPEC_STATUS_LATCHED 1

/*
 * milspec_status.properties: a control was changed that takes effect at the next boot, as far as
 * the driver can know.
 */
#define MILSPEC_STATUS_PENDING_REBOOT 2

/* milspec_status.properties: controls of class MILSPEC_CLASS_RESTRICTED may be changed. */
#define MILSPEC_STATUS_RESTRICTED_ALLOWED 4

/*
 * milspec_status.properties: the module was loaded with require_tpm=1: changes are refused while
 * the TPM cannot be read (MILSPEC_REASON_NO_TPM).
 */
#define MILSPEC_STATUS_TPM_REQUIRED 8

/*
 * milspec_status.properties: a training is under way (MILSPEC_IOC_TRAINING): all of this is said of
 * a copy in memory, not of the machine.
 */
#define MILSPEC_STATUS_TRAINING 16

/* milspec_status.standing: the machine is in none of the modes. */
#define MILSPEC_STANDING_CUSTOM 0

/* milspec_status.standing: every control within reach is as the mode asks for. */
#define MILSPEC_STANDING_EXACT 1

/* milspec_status.standing: as the mode asks for, but for deviations controls. */
#define MILSPEC_STANDING_DEVIATES 2

/*
 * milspec_status.anchor: there is no TPM, or none that the kernel had found when the module was
 * loaded: the journal is not anchored.
 */
#define MILSPEC_ANCHOR_NONE 0

/* milspec_status.anchor: committed changes are extended into the PCR. */
#define MILSPEC_ANCHOR_READY 1

/* milspec_status.anchor: the TPM could not be used the last time; anchor_error says why. */
#define MILSPEC_ANCHOR_FAILED 2

/*
 * milspec_status.anchor, with MILSPEC_STATUS_TRAINING: anchored counts records of the training that
 * would be extended. No TPM is asked, and no record of a training has MILSPEC_EVENT_ANCHORED.
 */
#define MILSPEC_ANCHOR_TRAINING 3

/* milspec_training.operation: asks how it stands. Anybody may. */
#define MILSPEC_TRAINING_STATE 0

/*
 * milspec_training.operation: begins a training. From here on all that is read and changed through
 * any interface of the driver is a copy in memory: of the machine's controls as last read, or with
 * devices or tokens of the controls that these describe. Takes what MILSPEC_IOC_REFRESH takes.
 * EBUSY while there is a training, EPERM while the machine is latched, EINVAL, EPROTO, ERANGE or
 * EEXIST for a description that is refused, EINVAL for targets that the copy does not have.
 */
#define MILSPEC_TRAINING_START 1

/*
 * milspec_training.operation: ends the training: the copy is discarded, and what is read is the
 * machine again. Takes what MILSPEC_IOC_REFRESH takes. ENODEV without a training, ESTALE where it
 * is not the one that is meant: see session.
 */
#define MILSPEC_TRAINING_STOP 2

/*
 * milspec_training.operation: has the copy behave as hardware can: see injection. Takes what
 * MILSPEC_IOC_REFRESH takes. ENODEV without a training, ESTALE where it is not the one that is
 * meant, EINVAL for what the copy does not have.
 */
#define MILSPEC_TRAINING_INJECT 3

/*
 * milspec_training.operation: from here on read() on this descriptor gives the records of trainings
 * as well, those of the last one first. Anybody may.
 */
#define MILSPEC_TRAINING_FOLLOW 4

/*
 * struct milspec_apply, struct milspec_controls and struct milspec_refresh in their answers: it is
 * of a copy, not of the machine.
 */
#define MILSPEC_ANSWER_TRAINING 1

/* milspec_training.properties: a training is under way. */
#define MILSPEC_TRAINING_ON 1

/*
 * milspec_training.injection: writes of control (of any control: 0) fail with the errno number, EIO
 * for 0. EAGAIN is said to be EPROTO, because it has a meaning of its own.
 */
#define MILSPEC_INJECT_WRITE_FAILS 1

/*
 * milspec_training.injection: writes of control (of any control: 0) are answered as done and are
 * not.
 */
#define MILSPEC_INJECT_WRITE_IGNORED 2

/*
 * milspec_training.injection: reading control (any control: 0) fails with the errno number, EIO for
 * 0.
 */
#define MILSPEC_INJECT_READ_FAILS 3

/*
 * milspec_training.injection: control has the value value from now on, and nobody has asked the
 * driver for that.
 */
#define MILSPEC_INJECT_VALUE 4

/*
 * milspec_training.injection: tampering with control is reported (value 1) or not any more (0).
 * EINVAL for a control that has nothing to report it.
 */
#define MILSPEC_INJECT_TAMPER 5

/*
 * milspec_training.injection: each read and write of control (of any control: 0) takes number
 * milliseconds, at most MILSPEC_INJECT_SLOW_MAX.
 */
#define MILSPEC_INJECT_SLOW 6

/* milspec_training.injection: takes all injections back that have not come to an end. */
#define MILSPEC_INJECT_CLEAR 7

/*
 * milspec_training.injection: the driver looks at once, as when firmware says that something has
 * changed.
 */
#define MILSPEC_INJECT_LOOK 8

/* Longest, in milliseconds, that MILSPEC_INJECT_SLOW makes one read or write. */
#define MILSPEC_INJECT_SLOW_MAX 1000

/* Most injections that wait or last at a time: ENOSPC. */
#define MILSPEC_INJECTIONS_MAX 64

/*
 * Size of one element of milspec_training.devices: an answer to DESCRIBE of the interface DSML0001.
 */
#define MILSPEC_TRAINING_DEVICE_SIZE 64

/* Most elements of milspec_training.devices. */
#define MILSPEC_TRAINING_DEVICES_MAX 512

/* Most bytes of milspec_training.tokens. */
#define MILSPEC_TRAINING_TOKENS_MAX 65536

/*
 * The first eight bytes of every request.
 *
 * The ioctl() numbers carry this structure's size, so that they stay the same when a request grows.
 */
struct milspec_head {
	/* Size of the whole structure in bytes, as the caller knows it. */
	__u32 size;
	/* None defined: zero. */
	__u32 flags;
};

/* Answer of MILSPEC_IOC_INFO. Constant from load to unload. */
struct milspec_info {
	/* Size and flags of this request. */
	struct milspec_head head;
	/* MILSPEC_ABI_MAJOR of the driver. */
	__u16 abi_major;
	/* MILSPEC_ABI_MINOR of the driver. */
	__u16 abi_minor;
	/* MILSPEC_INFO_ bits. */
	__u32 properties;
	/* Version of the driver. */
	__u8 driver_version[16];
	/* DMI system vendor. */
	__u8 vendor[32];
	/* DMI product name. */
	__u8 product[64];
	/* DMI BIOS version. */
	__u8 bios_version[32];
};

/* The size in version 1.0. */
#define MILSPEC_INFO_SIZE_MIN 160

/* State of one family of controls. */
struct milspec_family_status {
	/* One of MILSPEC_FAMILY_ABSENT, MILSPEC_FAMILY_READY, MILSPEC_FAMILY_FAILED. */
	__u32 state;
	/* Positive errno of the last failure of the whole family, 0 without one. */
	__u32 error;
	/* Number of controls. */
	__u32 controls;
	/* How many of them have no known value: unknown, ambiguous or failed. */
	__u32 unreadable;
	/*
	 * Firmware calls made for this family since it was found, failed ones included: platform is
	 * found when the module is loaded, dsmil each time that the driver binds to DSML0001.
	 */
	__u64 firmware_calls;
	/* When it was last read, in nanoseconds of CLOCK_BOOTTIME; 0 where it is absent. */
	__u64 refreshed_ns;
	/* Zero. */
	__u64 reserved;
};

/*
 * Answer of MILSPEC_IOC_STATUS.
 *
 * The fields up to dsmil_implementation belong together: they are of one generation, but for
 * apply_step and apply_steps. Those below say how the journal stands and how the last request for a
 * change ended, at the time of the call.
 */
struct milspec_status {
	/* Size and flags of this request. */
	struct milspec_head head;
	/*
	 * Grows whenever anything is different from before: a value, a control, an error, what the
	 * driver remembers of a control, the mode.
	 */
	__u64 generation;
	/*
	 * When all controls were last read, in nanoseconds of CLOCK_BOOTTIME: those of the family
	 * of which that is longest ago.
	 */
	__u64 refreshed_ns;
	/* MILSPEC_STATUS_ bits. */
	__u32 properties;
	/* MILSPEC_MODE_ number of the mode that the machine is in, as standing says. */
	__u8 mode;
	/* MILSPEC_STANDING_ number. */
	__u8 standing;
	/* Zero. */
	__u16 reserved;
	/* Controls that are not as the mode asks for: MILSPEC_CONTROL_DEVIATES. */
	__u32 deviations;
	/* Controls that something else has changed: MILSPEC_CONTROL_DRIFTED. */
	__u32 drifted;
	/* Controls that could not be put back: MILSPEC_CONTROL_DEGRADED. */
	__u32 degraded;
	/* Controls that report tampering: MILSPEC_CONTROL_TAMPER. */
	__u32 tampered;
	/* How many controls the mode speaks of. */
	__u32 mode_lines;
	/* How many of them this machine has, with the value that the mode asks for. */
	__u32 mode_present;
	/* How many of those can be changed; see milspec_apply.mode_reached. */
	__u32 mode_reached;
	/*
	 * Controls that cannot have the value that the mode asks for, and have not got it:
	 * MILSPEC_CONTROL_UNREACHED.
	 */
	__u32 mode_unreached;
	/* Step that an apply under way is at, from 1, or 0. */
	__u32 apply_step;
	/* Number of steps of an apply under way, or 0. */
	__u32 apply_steps;
	/* The family platform. */
	struct milspec_family_status platform;
	/* The family dsmil. */
	struct milspec_family_status dsmil;
	/* Version of the DSML0001 interface of the firmware: major, 0 without one. */
	__u16 dsmil_major;
	/* Version of the DSML0001 interface of the firmware: minor. */
	__u16 dsmil_minor;
	/* Zero. */
	__u32 reserved2;
	/* Who made the DSML0001 firmware, in its own words. */
	__u8 dsmil_implementation[16];
	/* Sequence of the next record of the journal. */
	__u64 journal_next;
	/*
	 * How many records have been overwritten: the oldest that can be read has the sequence
	 * after this number.
	 */
	__u64 journal_overwritten;
	/* How many records are extended into the PCR. */
	__u64 anchored;
	/* How many records wait to be. */
	__u32 anchor_pending;
	/* How many records could not be. */
	__u32 anchor_failures;
	/* Positive errno of the last time that the TPM could not be used, 0 when it last could. */
	__u32 anchor_error;
	/* How many refused requests have no record yet: see MILSPEC_KIND_SUPPRESSED. */
	__u32 suppressed;
	/* MILSPEC_ANCHOR_ number. */
	__u8 anchor;
	/* Number of the PCR. */
	__u8 anchor_pcr;
	/* Zero. */
	__u8 reserved3[6];
	/*
	 * Number of the request for a change that ended last, 0 when none has ended since the
	 * module was loaded: the one that milspec_apply.request told its caller. Requests through
	 * other interfaces count as well; those of callers without a right, and those that are not
	 * well-formed, do not.
	 */
	__u64 last_request;
	/*
	 * Sequence of the record in the journal that says how it ended, 0 with
	 * MILSPEC_OUTCOME_NONE.
	 */
	__u64 last_sequence;
	/*
	 * Its MILSPEC_OUTCOME_ number; MILSPEC_OUTCOME_NONE where the call failed with last_error
	 * and nothing was written to the firmware.
	 */
	__u8 last_outcome;
	/* Its MILSPEC_REASON_ number. */
	__u8 last_reason;
	/* Its MILSPEC_MODE_ number. */
	__u8 last_mode;
	/* Zero. */
	__u8 reserved4;
	/* Id of the control that its outcome speaks of, as in milspec_apply.control. */
	__u32 last_control;
	/* Id of the other control that last_reason speaks of, else 0. */
	__u32 last_needs;
	/* Positive errno of its step that failed first, or of the call, else 0. */
	__u32 last_error;
	/* Who made it: process id (thread group) in the initial namespace. */
	__u32 last_pid;
	/* Zero. */
	__u32 reserved5;
	/* Zero. */
	__u64 reserved6[8];
};

/* The size in version 1.0. */
#define MILSPEC_STATUS_SIZE_MIN 328

/* Answer of MILSPEC_IOC_REFRESH. */
struct milspec_refresh {
	/* Size and flags of this request. */
	struct milspec_head head;
	/* Generation after reading. */
	__u64 generation;
	/* Controls whose reading differs from the one before. */
	__u32 changed;
	/* Firmware calls that this took. */
	__u32 firmware_calls;
	/* MILSPEC_ANSWER_TRAINING or 0. What the caller has there is not looked at. */
	__u32 properties;
	/* Zero. */
	__u32 reserved;
};

/* The size in version 1.0. */
#define MILSPEC_REFRESH_SIZE_MIN 32

/* One value of a control. */
struct milspec_control_value {
	/* Name, e.g. enabled. */
	__u8 name[16];
	/*
	 * Family platform: id of the SMBIOS token, zero for the value that is in force when no
	 * token is active. Else zero.
	 */
	__u16 token;
	/* Family platform: location of the token. Else zero. */
	__u16 location;
	/* What the firmware answers when this value is in force, with MILSPEC_VALUE_READ. */
	__u16 expected;
	/* MILSPEC_VALUE_ bits. */
	__u16 properties;
	/* What the firmware answered, with MILSPEC_VALUE_READ. */
	__u32 read;
	/*
	 * MILSPEC_CLASS_ number of this value: that of the control, or a stricter one where the
	 * token that stands for this value is guarded by itself.
	 */
	__u8 value_class;
	/*
	 * MILSPEC_REASON_ number for which a list that names this value would be refused now,
	 * whatever else it names; else MILSPEC_REASON_NONE. What depends on other controls, and on
	 * the TPM, MILSPEC_IOC_PLAN and MILSPEC_IOC_APPLY say.
	 */
	__u8 gate;
	/* Zero. */
	__u8 reserved[2];
	/* Zero. */
	__u32 reserved2[2];
};

/* One control. */
struct milspec_control {
	/* Number of the control; the same on every machine and in every version. */
	__u32 id;
	/* MILSPEC_FAMILY_ number. */
	__u8 family;
	/* MILSPEC_CLASS_ number of the control as a whole. */
	__u8 control_class;
	/* MILSPEC_ACCESS_ number. */
	__u8 access;
	/* MILSPEC_PRESENCE_ number. */
	__u8 presence;
	/* MILSPEC_READING_ number. */
	__u8 reading;
	/* Index in values of the value in force, or MILSPEC_INDEX_NONE. */
	__u8 current;
	/* How many of values are used. */
	__u8 value_count;
	/* How many of depends are used. */
	__u8 depend_count;
	/* Positive errno of the last read, 0 without an error. */
	__u32 error;
	/* MILSPEC_CONTROL_ bits. */
	__u32 properties;
	/* Family dsmil: number of the group. Else zero. */
	__u32 group;
	/* milspec_status.generation at which the reading last changed. */
	__u64 changed;
	/*
	 * Index of the value that the control had before the driver first changed it, or
	 * MILSPEC_INDEX_NONE when it has not.
	 */
	__u8 baseline;
	/* Index of the value that the driver last wrote, or MILSPEC_INDEX_NONE. */
	__u8 written;
	/*
	 * Index of the value that the mode of milspec_status.mode asks for, or MILSPEC_INDEX_NONE.
	 */
	__u8 wanted;
	/* MILSPEC_REASON_ number, with MILSPEC_CONTROL_UNREACHED, else 0. */
	__u8 unreached_reason;
	/* Id of the other control that unreached_reason speaks of, else 0. */
	__u32 unreached_needs;
	/* Zero. */
	__u64 reserved[2];
	/* Ids of the controls that must be active before this one can be. */
	__u32 depends[MILSPEC_CONTROL_DEPENDS];
	/* Name, e.g. camera, DSMIL0D5. */
	__u8 name[32];
	/* What it does, for people. */
	__u8 label[64];
	/* The values, value_count of them. */
	struct milspec_control_value values[MILSPEC_CONTROL_VALUES];
};

/* The size in version 1.0. */
#define MILSPEC_CONTROL_SIZE_MIN 488

/*
 * Request and answer of MILSPEC_IOC_CONTROLS.
 *
 * A call with capacity 0 tells the number of controls. With a capacity below that number, the call
 * fails with ENOSPC, count is set, and the array is left as it was.
 */
struct milspec_controls {
	/* Size and flags of this request. */
	struct milspec_head head;
	/* In: address of an array of struct milspec_control, in the caller's memory. */
	__u64 buffer;
	/* In: how many elements the array has room for. */
	__u32 capacity;
	/* In: stride of the array. */
	__u32 stride;
	/* Out: number of controls. */
	__u32 count;
	/* Out: MILSPEC_ANSWER_TRAINING or 0. What the caller has there is not looked at. */
	__u32 properties;
	/* Out: generation of what was copied. */
	__u64 generation;
};

/* The size in version 1.0. */
#define MILSPEC_CONTROLS_SIZE_MIN 40

/* A control and the value that it shall have. */
struct milspec_target {
	/* milspec_control.id. */
	__u32 control;
	/* Index in milspec_control.values, MILSPEC_TARGET_LEAVE or MILSPEC_TARGET_ACCEPT. */
	__u8 value;
	/* Zero. */
	__u8 reserved[3];
	/* Zero. */
	__u64 reserved2;
};

/* The size in version 1.0. */
#define MILSPEC_TARGET_SIZE_MIN 16

/* One step of a plan. */
struct milspec_step {
	/* milspec_control.id. */
	__u32 control;
	/*
	 * Index of the value that it has; with MILSPEC_APPLY_LINES also MILSPEC_INDEX_NONE, where
	 * it is not known.
	 */
	__u8 from;
	/* Index of the value that it shall have. */
	__u8 to;
	/*
	 * Index of the value that was found in force when the step ended in MILSPEC_STEP_MOVED or
	 * MILSPEC_STEP_DEGRADED; else, or where that is not known, MILSPEC_INDEX_NONE.
	 */
	__u8 now;
	/* MILSPEC_STEP_ number. */
	__u8 state;
	/* MILSPEC_REASON_ number with MILSPEC_STEP_OUT_OF_REACH, else 0. */
	__u8 reason;
	/* Zero. */
	__u8 reserved[3];
	/* Positive errno of what failed, else 0. */
	__u32 error;
	/* Id of the other control that reason speaks of, else 0. */
	__u32 needs;
	/* Zero. */
	__u32 reserved2;
	/* Zero. */
	__u64 reserved3;
};

/* The size in version 1.0. */
#define MILSPEC_STEP_SIZE_MIN 32

/*
 * Request and answer of MILSPEC_IOC_PLAN and MILSPEC_IOC_APPLY.
 *
 * The target is a mode, a list, or a mode with a list of exceptions from it; with neither, nothing
 * is to be done. MILSPEC_MODE_PARANOID_PLUS takes no exceptions (EINVAL).
 */
struct milspec_apply {
	/* Size and flags of this request. */
	struct milspec_head head;
	/*
	 * In: milspec_status.generation that the caller has decided on, or 0 for any; with another
	 * one in force the request fails with EAGAIN, and nothing is written to the firmware. Out:
	 * generation after the request.
	 */
	__u64 generation;
	/* In: address of an array of struct milspec_target, in the caller's memory. */
	__u64 targets;
	/* In: address of an array of struct milspec_step, which the driver fills. */
	__u64 steps;
	/* In: number of targets, at most MILSPEC_TARGETS_MAX; 0 without an array. */
	__u32 target_count;
	/* In: stride of the array of targets, where there is one. */
	__u32 target_stride;
	/*
	 * In: how many steps the array has room for; 0 to do without them. With too little room the
	 * request fails with ENOSPC, step_count is set, and nothing is written to the firmware.
	 */
	__u32 step_capacity;
	/* In: stride of the array of steps, where there is one. */
	__u32 step_stride;
	/* Out: number of steps of the plan. */
	__u32 step_count;
	/* In: MILSPEC_APPLY_ bits. */
	__u32 options;
	/* In: MILSPEC_MODE_ number. */
	__u8 mode;
	/* Out: MILSPEC_OUTCOME_ number. */
	__u8 outcome;
	/* Out: MILSPEC_REASON_ number. */
	__u8 reason;
	/* Zero. */
	__u8 reserved;
	/*
	 * In: security key that the firmware gives for its administrator password, 0 without one.
	 * Not kept by the driver. Out: 0.
	 */
	__u16 security_key;
	/* Zero. */
	__u16 reserved2;
	/*
	 * Out: id of the control that was refused, whose step failed first, or that somebody else
	 * has changed, else 0.
	 */
	__u32 control;
	/* Out: id of the other control that reason speaks of, else 0. */
	__u32 needs;
	/*
	 * Out: positive errno of the step that failed first, else 0. EKEYREJECTED when the firmware
	 * asks for the security key of an administrator password, EINTR when a signal stopped the
	 * apply.
	 */
	__u32 error;
	/* Out: firmware calls that this took. */
	__u32 firmware_calls;
	/* Out: how many controls the mode speaks of. */
	__u32 mode_lines;
	/* Out: how many of them this machine has, with the value that the mode asks for. */
	__u32 mode_present;
	/*
	 * Out: how many of those can be changed: neither quarantined, restricted, read-only nor
	 * denied, and nor is what they depend on.
	 */
	__u32 mode_reached;
	/* Out: MILSPEC_ANSWER_TRAINING or 0. What the caller has there is not looked at. */
	__u32 properties;
	/*
	 * Out, of MILSPEC_IOC_APPLY: number of this request, counted from 1 since the module was
	 * loaded: see milspec_status.last_request. There before anything is done. Of
	 * MILSPEC_IOC_PLAN: 0.
	 */
	__u64 request;
};

/* The size in version 1.0. */
#define MILSPEC_APPLY_SIZE_MIN 104

/*
 * One record of the journal.
 *
 * read() on the device node gives as many whole records as there are and as fit. The records of one
 * load of the module form a chain: chain is the SHA-256 of 176 bytes, which are the chain of the
 * record before it (32 zero bytes for the first one) followed by the first 144 bytes of the record
 * itself. What is extended into the PCR is, in each bank, the digest of all 176 bytes of the record
 * by the algorithm of the bank; where the kernel has not got that algorithm, the SHA-256 digest,
 * with zero bytes behind it or cut off.
 *
 * Size and layout never change within a major version of this interface. Numbers are in the byte
 * order of the machine. A client shows a kind that it does not know as a number. Fields that a kind
 * does not speak of are zero, but from and to, which are MILSPEC_INDEX_NONE.
 */
struct milspec_event {
	/* Number of the record, from 1 at load or at the begin of a training, without gaps. */
	__u64 sequence;
	/* When, in nanoseconds of CLOCK_BOOTTIME. */
	__u64 boot_ns;
	/* When, in nanoseconds of CLOCK_REALTIME since 1970, as the clock stood. */
	__u64 wall_ns;
	/* Sequence of another record that this one speaks of, else 0. */
	__u64 about;
	/* milspec_status.generation when it was recorded. */
	__u64 generation;
	/* MILSPEC_KIND_ number. */
	__u16 kind;
	/* MILSPEC_SEVERITY_ number. */
	__u8 severity;
	/* MILSPEC_ORIGIN_ number. */
	__u8 origin;
	/* MILSPEC_MODE_ number. */
	__u8 mode;
	/* Index of the value that the control had. */
	__u8 from;
	/* Index of the value that the control has, or should have. */
	__u8 to;
	/* MILSPEC_STEP_ number, of MILSPEC_KIND_STEP. */
	__u8 step;
	/* MILSPEC_OUTCOME_ number, of MILSPEC_KIND_APPLY_ENDED. */
	__u8 outcome;
	/* MILSPEC_REASON_ number, of MILSPEC_KIND_REFUSED. */
	__u8 reason;
	/* MILSPEC_EVENT_ bits. */
	__u8 properties;
	/* Number of the PCR, with MILSPEC_EVENT_ANCHORED or MILSPEC_EVENT_PCR. */
	__u8 pcr;
	/* milspec_control.id. */
	__u32 control;
	/* Id of the other control that reason speaks of. */
	__u32 needs;
	/* Positive errno. */
	__u32 error;
	/* A number that the kind gives a meaning. */
	__u32 count;
	/* Actor: process id (thread group) in the initial namespace. */
	__u32 pid;
	/* Actor: real user id in the initial namespace. */
	__u32 uid;
	/*
	 * Actor: the user that logged in, whatever user id it has by now, or
	 * MILSPEC_LOGIN_UID_NONE.
	 */
	__u32 login_uid;
	/* Actor: name of the command, padded with zero bytes. */
	__u8 comm[16];
	/*
	 * Random, the same in all records of one load of the module, or of one training, and in no
	 * others.
	 */
	__u8 load[16];
	/* What the kind says, else zero. */
	__u8 extra[32];
	/* SHA-256 over the chain so far and all fields above. */
	__u8 chain[32];
};

/* Request and answer of MILSPEC_IOC_TRAINING. What an operation does not speak of must be zero. */
struct milspec_training {
	/* Size and flags of this request. */
	struct milspec_head head;
	/* MILSPEC_TRAINING_ number of what to do. */
	__u32 operation;
	/* Answer: MILSPEC_TRAINING_ bits, as they are after it. */
	__u32 properties;
	/*
	 * In: of MILSPEC_TRAINING_STOP and MILSPEC_TRAINING_INJECT, number of the training that is
	 * meant; 0 for the one under way. Out: number of the training under way, or of the last
	 * one, from 1; 0 for none since the module was loaded.
	 */
	__u32 session;
	/* MILSPEC_TRAINING_INJECT: MILSPEC_INJECT_ number. */
	__u32 injection;
	/* MILSPEC_TRAINING_INJECT: milspec_control.id, 0 where that stands for any. */
	__u32 control;
	/* MILSPEC_TRAINING_INJECT: index of a value, or 0 and 1. */
	__u8 value;
	/* Zero. */
	__u8 reserved[3];
	/*
	 * MILSPEC_TRAINING_INJECT: so many writes of one apply, of any control, come before it
	 * begins: each apply is counted anew. An undo writes too.
	 */
	__u32 after;
	/* MILSPEC_TRAINING_INJECT: how many reads or writes it lasts; 0 until it is taken back. */
	__u32 count;
	/* MILSPEC_TRAINING_INJECT: errno or milliseconds. */
	__u32 number;
	/* Zero. */
	__u32 reserved2;
	/*
	 * MILSPEC_TRAINING_START: address of descriptions of DSMIL devices, each as an answer to
	 * DESCRIBE, with indices from 0 on in their order. The copy has these instead of the
	 * machine's.
	 */
	__u64 devices;
	/*
	 * MILSPEC_TRAINING_START: how many they are; with 0 the copy has the devices of the
	 * machine.
	 */
	__u32 device_count;
	/* MILSPEC_TRAINING_START: MILSPEC_TRAINING_DEVICE_SIZE with devices, else 0. */
	__u32 device_stride;
	/*
	 * MILSPEC_TRAINING_START: address of SMBIOS structures of type 0xDA, without texts, one
	 * behind the other. The copy has the settings that these list instead of the machine's.
	 */
	__u64 tokens;
	/*
	 * MILSPEC_TRAINING_START: how many bytes that are; with 0 the copy has the settings of the
	 * machine.
	 */
	__u32 token_bytes;
	/* MILSPEC_TRAINING_START: how many targets there are, at most MILSPEC_TARGETS_MAX. */
	__u32 target_count;
	/*
	 * MILSPEC_TRAINING_START: address of an array of struct milspec_targets: what controls of
	 * the copy have to begin with. Others have what the machine has; where they are described,
	 * devices are inactive, and settings have the first value that is listed.
	 */
	__u64 targets;
	/* MILSPEC_TRAINING_START: size of one target, as the caller knows it. */
	__u32 target_stride;
	/* Zero. */
	__u32 reserved3;
	/* Answer: milspec_status.generation after it. */
	__u64 generation;
	/* Answer: milspec_event.load of the records of that training. */
	__u8 load[16];
};

/* The size in version 1.0. */
#define MILSPEC_TRAINING_SIZE_MIN 120

#endif /* _DELL_MILSPEC_H */
