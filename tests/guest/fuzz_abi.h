/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generated from driver/uapi and docs/ABI/testing by the tests of milspec-uapi: do not edit.
 * UPDATE_HEADER=1 cargo test -p milspec-uapi writes it anew.
 */
#include <errno.h>

#include "dell_milspec.h"

enum fuzz_kind {
	FUZZ_SIZE,	 /* of the whole structure */
	FUZZ_RESERVED,	 /* zero */
	FUZZ_BITS,	 /* of `numbers` */
	FUZZ_NAMED,	 /* one of `numbers` */
	FUZZ_ID,	 /* of a control, or 0 */
	FUZZ_INDEX,	 /* of a value of a control */
	FUZZ_ERRNO,	 /* positive, or 0 */
	FUZZ_KEY,
	FUZZ_GENERATION,
	FUZZ_ADDRESS,	 /* of an array: `number` and `stride` are the fields that belong to it */
	FUZZ_STRIDE,
	FUZZ_NUMBER,
	FUZZ_BYTES,
	FUZZ_STRUCT,	 /* `of` */
};

struct fuzz_type;

struct fuzz_field {
	const char *name;
	unsigned short offset, width, count;
	unsigned char kind;
	unsigned char asked;	/* the driver reads it */
	unsigned char answered; /* the driver writes it */
	const unsigned int *numbers;
	unsigned short number_count;
	const struct fuzz_type *of;
	signed char number, stride;
	unsigned int most; /* elements, 0 for any number */
};

struct fuzz_type {
	const char *name;
	unsigned int size, size_min;
	const struct fuzz_field *fields;
	unsigned int field_count;
};

struct fuzz_request {
	const char *name;
	unsigned int number;
	const struct fuzz_type *type;
	const int *errors;
	unsigned int error_count;
};

#define FUZZ_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct fuzz_field fuzz_head_fields[] = {
	{ .name = "size", .offset = 0, .width = 4, .count = 1, .kind = FUZZ_SIZE, .asked = 1 },
	{ .name = "flags", .offset = 4, .width = 4, .count = 1, .kind = FUZZ_RESERVED, .asked = 1 },
};
static const struct fuzz_type fuzz_head = {
	"head", 8, 8, fuzz_head_fields, FUZZ_COUNT(fuzz_head_fields),
};

static const unsigned int fuzz_control_value_properties[] = {
	MILSPEC_VALUE_PRESENT, MILSPEC_VALUE_READ, MILSPEC_VALUE_ACTIVE,
	MILSPEC_VALUE_UNTRIED, MILSPEC_VALUE_CUTS_NETWORK,
};
static const unsigned int fuzz_control_value_value_class[] = {
	MILSPEC_CLASS_SAFE, MILSPEC_CLASS_MONITORED, MILSPEC_CLASS_RESTRICTED,
	MILSPEC_CLASS_QUARANTINED, MILSPEC_CLASS_READ_ONLY,
};
static const unsigned int fuzz_control_value_gate[] = {
	MILSPEC_REASON_NONE, MILSPEC_REASON_NO_CONTROL, MILSPEC_REASON_NO_VALUE,
	MILSPEC_REASON_TWICE, MILSPEC_REASON_QUARANTINED, MILSPEC_REASON_READ_ONLY,
	MILSPEC_REASON_RESTRICTED, MILSPEC_REASON_DENIED, MILSPEC_REASON_UNREADABLE,
	MILSPEC_REASON_DEPENDENCY, MILSPEC_REASON_NEEDED, MILSPEC_REASON_CYCLE,
	MILSPEC_REASON_LATCHED, MILSPEC_REASON_UNCONFIRMED, MILSPEC_REASON_NO_TPM,
	MILSPEC_REASON_UNKNOWN,
};
static const struct fuzz_field fuzz_control_value_fields[] = {
	{ .name = "name", .offset = 0, .width = 1, .count = 16, .kind = FUZZ_BYTES, .answered = 1 },
	{ .name = "token", .offset = 16, .width = 2, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "location", .offset = 18, .width = 2, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "expected", .offset = 20, .width = 2, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "properties", .offset = 22, .width = 2, .count = 1, .kind = FUZZ_BITS, .answered = 1,
	  .numbers = fuzz_control_value_properties, .number_count = FUZZ_COUNT(fuzz_control_value_properties) },
	{ .name = "read", .offset = 24, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "value_class", .offset = 28, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_control_value_value_class, .number_count = FUZZ_COUNT(fuzz_control_value_value_class) },
	{ .name = "gate", .offset = 29, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_control_value_gate, .number_count = FUZZ_COUNT(fuzz_control_value_gate) },
	{ .name = "reserved", .offset = 30, .width = 1, .count = 2, .kind = FUZZ_RESERVED, .answered = 1 },
	{ .name = "reserved2", .offset = 32, .width = 4, .count = 2, .kind = FUZZ_RESERVED, .answered = 1 },
};
static const struct fuzz_type fuzz_control_value = {
	"control_value", 40, 40, fuzz_control_value_fields, FUZZ_COUNT(fuzz_control_value_fields),
};

static const unsigned int fuzz_family_status_state[] = {
	MILSPEC_FAMILY_ABSENT, MILSPEC_FAMILY_READY, MILSPEC_FAMILY_FAILED,
};
static const struct fuzz_field fuzz_family_status_fields[] = {
	{ .name = "state", .offset = 0, .width = 4, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_family_status_state, .number_count = FUZZ_COUNT(fuzz_family_status_state) },
	{ .name = "error", .offset = 4, .width = 4, .count = 1, .kind = FUZZ_ERRNO, .answered = 1 },
	{ .name = "controls", .offset = 8, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "unreadable", .offset = 12, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "firmware_calls", .offset = 16, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "refreshed_ns", .offset = 24, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "reserved", .offset = 32, .width = 8, .count = 1, .kind = FUZZ_RESERVED, .answered = 1 },
};
static const struct fuzz_type fuzz_family_status = {
	"family_status", 40, 40, fuzz_family_status_fields, FUZZ_COUNT(fuzz_family_status_fields),
};

static const unsigned int fuzz_control_family[] = {
	MILSPEC_FAMILY_PLATFORM, MILSPEC_FAMILY_DSMIL,
};
static const unsigned int fuzz_control_control_class[] = {
	MILSPEC_CLASS_SAFE, MILSPEC_CLASS_MONITORED, MILSPEC_CLASS_RESTRICTED,
	MILSPEC_CLASS_QUARANTINED, MILSPEC_CLASS_READ_ONLY,
};
static const unsigned int fuzz_control_access[] = {
	MILSPEC_ACCESS_READ_ONLY, MILSPEC_ACCESS_READ_WRITE,
};
static const unsigned int fuzz_control_presence[] = {
	MILSPEC_PRESENCE_FULL, MILSPEC_PRESENCE_PARTIAL, MILSPEC_PRESENCE_CONTRADICTORY,
};
static const unsigned int fuzz_control_reading[] = {
	MILSPEC_READING_KNOWN, MILSPEC_READING_UNKNOWN, MILSPEC_READING_AMBIGUOUS,
	MILSPEC_READING_FAILED,
};
static const unsigned int fuzz_control_properties[] = {
	MILSPEC_CONTROL_TAMPER, MILSPEC_CONTROL_DEVIATES, MILSPEC_CONTROL_DRIFTED,
	MILSPEC_CONTROL_DEGRADED, MILSPEC_CONTROL_PENDING_REBOOT, MILSPEC_CONTROL_DENIED,
	MILSPEC_CONTROL_UNREACHED,
};
static const unsigned int fuzz_control_unreached_reason[] = {
	MILSPEC_REASON_NONE, MILSPEC_REASON_NO_CONTROL, MILSPEC_REASON_NO_VALUE,
	MILSPEC_REASON_TWICE, MILSPEC_REASON_QUARANTINED, MILSPEC_REASON_READ_ONLY,
	MILSPEC_REASON_RESTRICTED, MILSPEC_REASON_DENIED, MILSPEC_REASON_UNREADABLE,
	MILSPEC_REASON_DEPENDENCY, MILSPEC_REASON_NEEDED, MILSPEC_REASON_CYCLE,
	MILSPEC_REASON_LATCHED, MILSPEC_REASON_UNCONFIRMED, MILSPEC_REASON_NO_TPM,
	MILSPEC_REASON_UNKNOWN,
};
static const struct fuzz_field fuzz_control_fields[] = {
	{ .name = "id", .offset = 0, .width = 4, .count = 1, .kind = FUZZ_ID, .answered = 1 },
	{ .name = "family", .offset = 4, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_control_family, .number_count = FUZZ_COUNT(fuzz_control_family) },
	{ .name = "control_class", .offset = 5, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_control_control_class, .number_count = FUZZ_COUNT(fuzz_control_control_class) },
	{ .name = "access", .offset = 6, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_control_access, .number_count = FUZZ_COUNT(fuzz_control_access) },
	{ .name = "presence", .offset = 7, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_control_presence, .number_count = FUZZ_COUNT(fuzz_control_presence) },
	{ .name = "reading", .offset = 8, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_control_reading, .number_count = FUZZ_COUNT(fuzz_control_reading) },
	{ .name = "current", .offset = 9, .width = 1, .count = 1, .kind = FUZZ_INDEX, .answered = 1 },
	{ .name = "value_count", .offset = 10, .width = 1, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "depend_count", .offset = 11, .width = 1, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "error", .offset = 12, .width = 4, .count = 1, .kind = FUZZ_ERRNO, .answered = 1 },
	{ .name = "properties", .offset = 16, .width = 4, .count = 1, .kind = FUZZ_BITS, .answered = 1,
	  .numbers = fuzz_control_properties, .number_count = FUZZ_COUNT(fuzz_control_properties) },
	{ .name = "group", .offset = 20, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "changed", .offset = 24, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "baseline", .offset = 32, .width = 1, .count = 1, .kind = FUZZ_INDEX, .answered = 1 },
	{ .name = "written", .offset = 33, .width = 1, .count = 1, .kind = FUZZ_INDEX, .answered = 1 },
	{ .name = "wanted", .offset = 34, .width = 1, .count = 1, .kind = FUZZ_INDEX, .answered = 1 },
	{ .name = "unreached_reason", .offset = 35, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_control_unreached_reason, .number_count = FUZZ_COUNT(fuzz_control_unreached_reason) },
	{ .name = "unreached_needs", .offset = 36, .width = 4, .count = 1, .kind = FUZZ_ID, .answered = 1 },
	{ .name = "reserved", .offset = 40, .width = 8, .count = 2, .kind = FUZZ_RESERVED, .answered = 1 },
	{ .name = "depends", .offset = 56, .width = 4, .count = 4, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "name", .offset = 72, .width = 1, .count = 32, .kind = FUZZ_BYTES, .answered = 1 },
	{ .name = "label", .offset = 104, .width = 1, .count = 64, .kind = FUZZ_BYTES, .answered = 1 },
	{ .name = "values", .offset = 168, .width = 40, .count = 8, .kind = FUZZ_STRUCT, .answered = 1,
	  .of = &fuzz_control_value },
};
static const struct fuzz_type fuzz_control = {
	"control", 488, MILSPEC_CONTROL_SIZE_MIN, fuzz_control_fields, FUZZ_COUNT(fuzz_control_fields),
};

static const struct fuzz_field fuzz_target_fields[] = {
	{ .name = "control", .offset = 0, .width = 4, .count = 1, .kind = FUZZ_ID, .asked = 1 },
	{ .name = "value", .offset = 4, .width = 1, .count = 1, .kind = FUZZ_INDEX, .asked = 1 },
	{ .name = "reserved", .offset = 5, .width = 1, .count = 3, .kind = FUZZ_RESERVED, .asked = 1 },
	{ .name = "reserved2", .offset = 8, .width = 8, .count = 1, .kind = FUZZ_RESERVED, .asked = 1 },
};
static const struct fuzz_type fuzz_target = {
	"target", 16, MILSPEC_TARGET_SIZE_MIN, fuzz_target_fields, FUZZ_COUNT(fuzz_target_fields),
};

static const unsigned int fuzz_step_state[] = {
	MILSPEC_STEP_PLANNED, MILSPEC_STEP_DONE, MILSPEC_STEP_FAILED,
	MILSPEC_STEP_UNDONE, MILSPEC_STEP_DEGRADED, MILSPEC_STEP_MOVED,
	MILSPEC_STEP_HOLDS, MILSPEC_STEP_OUT_OF_REACH,
};
static const unsigned int fuzz_step_reason[] = {
	MILSPEC_REASON_NONE, MILSPEC_REASON_NO_CONTROL, MILSPEC_REASON_NO_VALUE,
	MILSPEC_REASON_TWICE, MILSPEC_REASON_QUARANTINED, MILSPEC_REASON_READ_ONLY,
	MILSPEC_REASON_RESTRICTED, MILSPEC_REASON_DENIED, MILSPEC_REASON_UNREADABLE,
	MILSPEC_REASON_DEPENDENCY, MILSPEC_REASON_NEEDED, MILSPEC_REASON_CYCLE,
	MILSPEC_REASON_LATCHED, MILSPEC_REASON_UNCONFIRMED, MILSPEC_REASON_NO_TPM,
	MILSPEC_REASON_UNKNOWN,
};
static const struct fuzz_field fuzz_step_fields[] = {
	{ .name = "control", .offset = 0, .width = 4, .count = 1, .kind = FUZZ_ID, .answered = 1 },
	{ .name = "from", .offset = 4, .width = 1, .count = 1, .kind = FUZZ_INDEX, .answered = 1 },
	{ .name = "to", .offset = 5, .width = 1, .count = 1, .kind = FUZZ_INDEX, .answered = 1 },
	{ .name = "now", .offset = 6, .width = 1, .count = 1, .kind = FUZZ_INDEX, .answered = 1 },
	{ .name = "state", .offset = 7, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_step_state, .number_count = FUZZ_COUNT(fuzz_step_state) },
	{ .name = "reason", .offset = 8, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_step_reason, .number_count = FUZZ_COUNT(fuzz_step_reason) },
	{ .name = "reserved", .offset = 9, .width = 1, .count = 3, .kind = FUZZ_RESERVED, .answered = 1 },
	{ .name = "error", .offset = 12, .width = 4, .count = 1, .kind = FUZZ_ERRNO, .answered = 1 },
	{ .name = "needs", .offset = 16, .width = 4, .count = 1, .kind = FUZZ_ID, .answered = 1 },
	{ .name = "reserved2", .offset = 20, .width = 4, .count = 1, .kind = FUZZ_RESERVED, .answered = 1 },
	{ .name = "reserved3", .offset = 24, .width = 8, .count = 1, .kind = FUZZ_RESERVED, .answered = 1 },
};
static const struct fuzz_type fuzz_step = {
	"step", 32, MILSPEC_STEP_SIZE_MIN, fuzz_step_fields, FUZZ_COUNT(fuzz_step_fields),
};

static const unsigned int fuzz_event_kind[] = {
	MILSPEC_KIND_LOAD, MILSPEC_KIND_BIND, MILSPEC_KIND_UNBIND,
	MILSPEC_KIND_APPLY_BEGUN, MILSPEC_KIND_APPLY_ENDED, MILSPEC_KIND_STEP,
	MILSPEC_KIND_REFUSED, MILSPEC_KIND_SUPPRESSED, MILSPEC_KIND_OUTSIDE_CHANGE,
	MILSPEC_KIND_TAMPER, MILSPEC_KIND_LATCH, MILSPEC_KIND_RESUME,
	MILSPEC_KIND_ANCHOR_FAILED, MILSPEC_KIND_ACCEPTED, MILSPEC_KIND_TRAINING_BEGUN,
	MILSPEC_KIND_TRAINING_ENDED, MILSPEC_KIND_INJECTED, MILSPEC_KIND_GAP,
};
static const unsigned int fuzz_event_severity[] = {
	MILSPEC_SEVERITY_ERROR, MILSPEC_SEVERITY_WARNING, MILSPEC_SEVERITY_NOTICE,
	MILSPEC_SEVERITY_INFO,
};
static const unsigned int fuzz_event_origin[] = {
	MILSPEC_ORIGIN_IOCTL, MILSPEC_ORIGIN_SYSFS, MILSPEC_ORIGIN_DRIVER,
	MILSPEC_ORIGIN_FIRMWARE_ATTRIBUTES,
};
static const unsigned int fuzz_event_mode[] = {
	MILSPEC_MODE_NONE, MILSPEC_MODE_BASELINE, MILSPEC_MODE_STANDARD,
	MILSPEC_MODE_ENHANCED, MILSPEC_MODE_PARANOID, MILSPEC_MODE_PARANOID_PLUS,
};
static const unsigned int fuzz_event_step[] = {
	MILSPEC_STEP_PLANNED, MILSPEC_STEP_DONE, MILSPEC_STEP_FAILED,
	MILSPEC_STEP_UNDONE, MILSPEC_STEP_DEGRADED, MILSPEC_STEP_MOVED,
	MILSPEC_STEP_HOLDS, MILSPEC_STEP_OUT_OF_REACH,
};
static const unsigned int fuzz_event_outcome[] = {
	MILSPEC_OUTCOME_NONE, MILSPEC_OUTCOME_PLANNED, MILSPEC_OUTCOME_DONE,
	MILSPEC_OUTCOME_REFUSED, MILSPEC_OUTCOME_UNDONE, MILSPEC_OUTCOME_DEGRADED,
	MILSPEC_OUTCOME_CONFLICT,
};
static const unsigned int fuzz_event_reason[] = {
	MILSPEC_REASON_NONE, MILSPEC_REASON_NO_CONTROL, MILSPEC_REASON_NO_VALUE,
	MILSPEC_REASON_TWICE, MILSPEC_REASON_QUARANTINED, MILSPEC_REASON_READ_ONLY,
	MILSPEC_REASON_RESTRICTED, MILSPEC_REASON_DENIED, MILSPEC_REASON_UNREADABLE,
	MILSPEC_REASON_DEPENDENCY, MILSPEC_REASON_NEEDED, MILSPEC_REASON_CYCLE,
	MILSPEC_REASON_LATCHED, MILSPEC_REASON_UNCONFIRMED, MILSPEC_REASON_NO_TPM,
	MILSPEC_REASON_UNKNOWN,
};
static const unsigned int fuzz_event_properties[] = {
	MILSPEC_EVENT_ANCHORED, MILSPEC_EVENT_PCR, MILSPEC_EVENT_UNCHAINED,
	MILSPEC_EVENT_LIST, MILSPEC_EVENT_DRIFT, MILSPEC_EVENT_TRAINING,
};
static const struct fuzz_field fuzz_event_fields[] = {
	{ .name = "sequence", .offset = 0, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "boot_ns", .offset = 8, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "wall_ns", .offset = 16, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "about", .offset = 24, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "generation", .offset = 32, .width = 8, .count = 1, .kind = FUZZ_GENERATION, .answered = 1 },
	{ .name = "kind", .offset = 40, .width = 2, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_event_kind, .number_count = FUZZ_COUNT(fuzz_event_kind) },
	{ .name = "severity", .offset = 42, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_event_severity, .number_count = FUZZ_COUNT(fuzz_event_severity) },
	{ .name = "origin", .offset = 43, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_event_origin, .number_count = FUZZ_COUNT(fuzz_event_origin) },
	{ .name = "mode", .offset = 44, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_event_mode, .number_count = FUZZ_COUNT(fuzz_event_mode) },
	{ .name = "from", .offset = 45, .width = 1, .count = 1, .kind = FUZZ_INDEX, .answered = 1 },
	{ .name = "to", .offset = 46, .width = 1, .count = 1, .kind = FUZZ_INDEX, .answered = 1 },
	{ .name = "step", .offset = 47, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_event_step, .number_count = FUZZ_COUNT(fuzz_event_step) },
	{ .name = "outcome", .offset = 48, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_event_outcome, .number_count = FUZZ_COUNT(fuzz_event_outcome) },
	{ .name = "reason", .offset = 49, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_event_reason, .number_count = FUZZ_COUNT(fuzz_event_reason) },
	{ .name = "properties", .offset = 50, .width = 1, .count = 1, .kind = FUZZ_BITS, .answered = 1,
	  .numbers = fuzz_event_properties, .number_count = FUZZ_COUNT(fuzz_event_properties) },
	{ .name = "pcr", .offset = 51, .width = 1, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "control", .offset = 52, .width = 4, .count = 1, .kind = FUZZ_ID, .answered = 1 },
	{ .name = "needs", .offset = 56, .width = 4, .count = 1, .kind = FUZZ_ID, .answered = 1 },
	{ .name = "error", .offset = 60, .width = 4, .count = 1, .kind = FUZZ_ERRNO, .answered = 1 },
	{ .name = "count", .offset = 64, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "pid", .offset = 68, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "uid", .offset = 72, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "login_uid", .offset = 76, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "comm", .offset = 80, .width = 1, .count = 16, .kind = FUZZ_BYTES, .answered = 1 },
	{ .name = "load", .offset = 96, .width = 1, .count = 16, .kind = FUZZ_BYTES, .answered = 1 },
	{ .name = "extra", .offset = 112, .width = 1, .count = 32, .kind = FUZZ_BYTES, .answered = 1 },
	{ .name = "chain", .offset = 144, .width = 1, .count = 32, .kind = FUZZ_BYTES, .answered = 1 },
};
static const struct fuzz_type fuzz_event = {
	"event", 176, 176, fuzz_event_fields, FUZZ_COUNT(fuzz_event_fields),
};

static const unsigned int fuzz_info_properties[] = {
	MILSPEC_INFO_FORCED,
};
static const struct fuzz_field fuzz_info_fields[] = {
	{ .name = "head", .offset = 0, .width = 8, .count = 1, .kind = FUZZ_STRUCT, .answered = 1,
	  .of = &fuzz_head },
	{ .name = "abi_major", .offset = 8, .width = 2, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "abi_minor", .offset = 10, .width = 2, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "properties", .offset = 12, .width = 4, .count = 1, .kind = FUZZ_BITS, .answered = 1,
	  .numbers = fuzz_info_properties, .number_count = FUZZ_COUNT(fuzz_info_properties) },
	{ .name = "driver_version", .offset = 16, .width = 1, .count = 16, .kind = FUZZ_BYTES, .answered = 1 },
	{ .name = "vendor", .offset = 32, .width = 1, .count = 32, .kind = FUZZ_BYTES, .answered = 1 },
	{ .name = "product", .offset = 64, .width = 1, .count = 64, .kind = FUZZ_BYTES, .answered = 1 },
	{ .name = "bios_version", .offset = 128, .width = 1, .count = 32, .kind = FUZZ_BYTES, .answered = 1 },
};
static const struct fuzz_type fuzz_info = {
	"info", 160, MILSPEC_INFO_SIZE_MIN, fuzz_info_fields, FUZZ_COUNT(fuzz_info_fields),
};

static const unsigned int fuzz_status_properties[] = {
	MILSPEC_STATUS_LATCHED, MILSPEC_STATUS_PENDING_REBOOT,
	MILSPEC_STATUS_RESTRICTED_ALLOWED, MILSPEC_STATUS_TPM_REQUIRED,
	MILSPEC_STATUS_TRAINING,
};
static const unsigned int fuzz_status_mode[] = {
	MILSPEC_MODE_NONE, MILSPEC_MODE_BASELINE, MILSPEC_MODE_STANDARD,
	MILSPEC_MODE_ENHANCED, MILSPEC_MODE_PARANOID, MILSPEC_MODE_PARANOID_PLUS,
};
static const unsigned int fuzz_status_standing[] = {
	MILSPEC_STANDING_CUSTOM, MILSPEC_STANDING_EXACT, MILSPEC_STANDING_DEVIATES,
};
static const unsigned int fuzz_status_anchor[] = {
	MILSPEC_ANCHOR_NONE, MILSPEC_ANCHOR_READY, MILSPEC_ANCHOR_FAILED,
	MILSPEC_ANCHOR_TRAINING,
};
static const unsigned int fuzz_status_last_outcome[] = {
	MILSPEC_OUTCOME_NONE, MILSPEC_OUTCOME_PLANNED, MILSPEC_OUTCOME_DONE,
	MILSPEC_OUTCOME_REFUSED, MILSPEC_OUTCOME_UNDONE, MILSPEC_OUTCOME_DEGRADED,
	MILSPEC_OUTCOME_CONFLICT,
};
static const unsigned int fuzz_status_last_reason[] = {
	MILSPEC_REASON_NONE, MILSPEC_REASON_NO_CONTROL, MILSPEC_REASON_NO_VALUE,
	MILSPEC_REASON_TWICE, MILSPEC_REASON_QUARANTINED, MILSPEC_REASON_READ_ONLY,
	MILSPEC_REASON_RESTRICTED, MILSPEC_REASON_DENIED, MILSPEC_REASON_UNREADABLE,
	MILSPEC_REASON_DEPENDENCY, MILSPEC_REASON_NEEDED, MILSPEC_REASON_CYCLE,
	MILSPEC_REASON_LATCHED, MILSPEC_REASON_UNCONFIRMED, MILSPEC_REASON_NO_TPM,
	MILSPEC_REASON_UNKNOWN,
};
static const unsigned int fuzz_status_last_mode[] = {
	MILSPEC_MODE_NONE, MILSPEC_MODE_BASELINE, MILSPEC_MODE_STANDARD,
	MILSPEC_MODE_ENHANCED, MILSPEC_MODE_PARANOID, MILSPEC_MODE_PARANOID_PLUS,
};
static const struct fuzz_field fuzz_status_fields[] = {
	{ .name = "head", .offset = 0, .width = 8, .count = 1, .kind = FUZZ_STRUCT, .answered = 1,
	  .of = &fuzz_head },
	{ .name = "generation", .offset = 8, .width = 8, .count = 1, .kind = FUZZ_GENERATION, .answered = 1 },
	{ .name = "refreshed_ns", .offset = 16, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "properties", .offset = 24, .width = 4, .count = 1, .kind = FUZZ_BITS, .answered = 1,
	  .numbers = fuzz_status_properties, .number_count = FUZZ_COUNT(fuzz_status_properties) },
	{ .name = "mode", .offset = 28, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_status_mode, .number_count = FUZZ_COUNT(fuzz_status_mode) },
	{ .name = "standing", .offset = 29, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_status_standing, .number_count = FUZZ_COUNT(fuzz_status_standing) },
	{ .name = "reserved", .offset = 30, .width = 2, .count = 1, .kind = FUZZ_RESERVED, .answered = 1 },
	{ .name = "deviations", .offset = 32, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "drifted", .offset = 36, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "degraded", .offset = 40, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "tampered", .offset = 44, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "mode_lines", .offset = 48, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "mode_present", .offset = 52, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "mode_reached", .offset = 56, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "mode_unreached", .offset = 60, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "apply_step", .offset = 64, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "apply_steps", .offset = 68, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "platform", .offset = 72, .width = 40, .count = 1, .kind = FUZZ_STRUCT, .answered = 1,
	  .of = &fuzz_family_status },
	{ .name = "dsmil", .offset = 112, .width = 40, .count = 1, .kind = FUZZ_STRUCT, .answered = 1,
	  .of = &fuzz_family_status },
	{ .name = "dsmil_major", .offset = 152, .width = 2, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "dsmil_minor", .offset = 154, .width = 2, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "reserved2", .offset = 156, .width = 4, .count = 1, .kind = FUZZ_RESERVED, .answered = 1 },
	{ .name = "dsmil_implementation", .offset = 160, .width = 1, .count = 16, .kind = FUZZ_BYTES, .answered = 1 },
	{ .name = "journal_next", .offset = 176, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "journal_overwritten", .offset = 184, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "anchored", .offset = 192, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "anchor_pending", .offset = 200, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "anchor_failures", .offset = 204, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "anchor_error", .offset = 208, .width = 4, .count = 1, .kind = FUZZ_ERRNO, .answered = 1 },
	{ .name = "suppressed", .offset = 212, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "anchor", .offset = 216, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_status_anchor, .number_count = FUZZ_COUNT(fuzz_status_anchor) },
	{ .name = "anchor_pcr", .offset = 217, .width = 1, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "reserved3", .offset = 218, .width = 1, .count = 6, .kind = FUZZ_RESERVED, .answered = 1 },
	{ .name = "last_request", .offset = 224, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "last_sequence", .offset = 232, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "last_outcome", .offset = 240, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_status_last_outcome, .number_count = FUZZ_COUNT(fuzz_status_last_outcome) },
	{ .name = "last_reason", .offset = 241, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_status_last_reason, .number_count = FUZZ_COUNT(fuzz_status_last_reason) },
	{ .name = "last_mode", .offset = 242, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_status_last_mode, .number_count = FUZZ_COUNT(fuzz_status_last_mode) },
	{ .name = "reserved4", .offset = 243, .width = 1, .count = 1, .kind = FUZZ_RESERVED, .answered = 1 },
	{ .name = "last_control", .offset = 244, .width = 4, .count = 1, .kind = FUZZ_ID, .answered = 1 },
	{ .name = "last_needs", .offset = 248, .width = 4, .count = 1, .kind = FUZZ_ID, .answered = 1 },
	{ .name = "last_error", .offset = 252, .width = 4, .count = 1, .kind = FUZZ_ERRNO, .answered = 1 },
	{ .name = "last_pid", .offset = 256, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "reserved5", .offset = 260, .width = 4, .count = 1, .kind = FUZZ_RESERVED, .answered = 1 },
	{ .name = "reserved6", .offset = 264, .width = 8, .count = 8, .kind = FUZZ_RESERVED, .answered = 1 },
};
static const struct fuzz_type fuzz_status = {
	"status", 328, MILSPEC_STATUS_SIZE_MIN, fuzz_status_fields, FUZZ_COUNT(fuzz_status_fields),
};

static const unsigned int fuzz_refresh_properties[] = {
	MILSPEC_ANSWER_TRAINING,
};
static const struct fuzz_field fuzz_refresh_fields[] = {
	{ .name = "head", .offset = 0, .width = 8, .count = 1, .kind = FUZZ_STRUCT, .answered = 1,
	  .of = &fuzz_head },
	{ .name = "generation", .offset = 8, .width = 8, .count = 1, .kind = FUZZ_GENERATION, .answered = 1 },
	{ .name = "changed", .offset = 16, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "firmware_calls", .offset = 20, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "properties", .offset = 24, .width = 4, .count = 1, .kind = FUZZ_BITS, .answered = 1,
	  .numbers = fuzz_refresh_properties, .number_count = FUZZ_COUNT(fuzz_refresh_properties) },
	{ .name = "reserved", .offset = 28, .width = 4, .count = 1, .kind = FUZZ_RESERVED, .answered = 1 },
};
static const struct fuzz_type fuzz_refresh = {
	"refresh", 32, MILSPEC_REFRESH_SIZE_MIN, fuzz_refresh_fields, FUZZ_COUNT(fuzz_refresh_fields),
};

static const unsigned int fuzz_training_operation[] = {
	MILSPEC_TRAINING_STATE, MILSPEC_TRAINING_START, MILSPEC_TRAINING_STOP,
	MILSPEC_TRAINING_INJECT, MILSPEC_TRAINING_FOLLOW,
};
static const unsigned int fuzz_training_properties[] = {
	MILSPEC_TRAINING_ON,
};
static const unsigned int fuzz_training_injection[] = {
	MILSPEC_INJECT_WRITE_FAILS, MILSPEC_INJECT_WRITE_IGNORED,
	MILSPEC_INJECT_READ_FAILS, MILSPEC_INJECT_VALUE, MILSPEC_INJECT_TAMPER,
	MILSPEC_INJECT_SLOW, MILSPEC_INJECT_CLEAR, MILSPEC_INJECT_LOOK,
};
static const struct fuzz_field fuzz_training_fields[] = {
	{ .name = "head", .offset = 0, .width = 8, .count = 1, .kind = FUZZ_STRUCT, .asked = 1,
	  .of = &fuzz_head },
	{ .name = "operation", .offset = 8, .width = 4, .count = 1, .kind = FUZZ_NAMED, .asked = 1,
	  .numbers = fuzz_training_operation, .number_count = FUZZ_COUNT(fuzz_training_operation) },
	{ .name = "properties", .offset = 12, .width = 4, .count = 1, .kind = FUZZ_BITS, .answered = 1,
	  .numbers = fuzz_training_properties, .number_count = FUZZ_COUNT(fuzz_training_properties) },
	{ .name = "session", .offset = 16, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .asked = 1, .answered = 1 },
	{ .name = "injection", .offset = 20, .width = 4, .count = 1, .kind = FUZZ_NAMED, .asked = 1,
	  .numbers = fuzz_training_injection, .number_count = FUZZ_COUNT(fuzz_training_injection) },
	{ .name = "control", .offset = 24, .width = 4, .count = 1, .kind = FUZZ_ID, .asked = 1 },
	{ .name = "value", .offset = 28, .width = 1, .count = 1, .kind = FUZZ_INDEX, .asked = 1 },
	{ .name = "reserved", .offset = 29, .width = 1, .count = 3, .kind = FUZZ_RESERVED, .asked = 1, .answered = 1 },
	{ .name = "after", .offset = 32, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .asked = 1 },
	{ .name = "count", .offset = 36, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .asked = 1 },
	{ .name = "number", .offset = 40, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .asked = 1 },
	{ .name = "reserved2", .offset = 44, .width = 4, .count = 1, .kind = FUZZ_RESERVED, .asked = 1, .answered = 1 },
	{ .name = "devices", .offset = 48, .width = 8, .count = 1, .kind = FUZZ_ADDRESS, .asked = 1,
	  .of = 0, .number = 13, .stride = 14, .most = MILSPEC_TRAINING_DEVICES_MAX },
	{ .name = "device_count", .offset = 56, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .asked = 1 },
	{ .name = "device_stride", .offset = 60, .width = 4, .count = 1, .kind = FUZZ_STRIDE, .asked = 1 },
	{ .name = "tokens", .offset = 64, .width = 8, .count = 1, .kind = FUZZ_ADDRESS, .asked = 1,
	  .of = 0, .number = 16, .stride = -1, .most = MILSPEC_TRAINING_TOKENS_MAX },
	{ .name = "token_bytes", .offset = 72, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .asked = 1 },
	{ .name = "target_count", .offset = 76, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .asked = 1 },
	{ .name = "targets", .offset = 80, .width = 8, .count = 1, .kind = FUZZ_ADDRESS, .asked = 1,
	  .of = &fuzz_target, .number = 17, .stride = 19, .most = MILSPEC_TARGETS_MAX },
	{ .name = "target_stride", .offset = 88, .width = 4, .count = 1, .kind = FUZZ_STRIDE, .asked = 1 },
	{ .name = "reserved3", .offset = 92, .width = 4, .count = 1, .kind = FUZZ_RESERVED, .asked = 1, .answered = 1 },
	{ .name = "generation", .offset = 96, .width = 8, .count = 1, .kind = FUZZ_GENERATION, .answered = 1 },
	{ .name = "load", .offset = 104, .width = 1, .count = 16, .kind = FUZZ_BYTES, .answered = 1 },
};
static const struct fuzz_type fuzz_training = {
	"training", 120, MILSPEC_TRAINING_SIZE_MIN, fuzz_training_fields, FUZZ_COUNT(fuzz_training_fields),
};

static const unsigned int fuzz_controls_properties[] = {
	MILSPEC_ANSWER_TRAINING,
};
static const struct fuzz_field fuzz_controls_fields[] = {
	{ .name = "head", .offset = 0, .width = 8, .count = 1, .kind = FUZZ_STRUCT, .asked = 1,
	  .of = &fuzz_head },
	{ .name = "buffer", .offset = 8, .width = 8, .count = 1, .kind = FUZZ_ADDRESS, .asked = 1,
	  .of = &fuzz_control, .number = 2, .stride = 3, .most = 0 },
	{ .name = "capacity", .offset = 16, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .asked = 1 },
	{ .name = "stride", .offset = 20, .width = 4, .count = 1, .kind = FUZZ_STRIDE, .asked = 1 },
	{ .name = "count", .offset = 24, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "properties", .offset = 28, .width = 4, .count = 1, .kind = FUZZ_BITS, .answered = 1,
	  .numbers = fuzz_controls_properties, .number_count = FUZZ_COUNT(fuzz_controls_properties) },
	{ .name = "generation", .offset = 32, .width = 8, .count = 1, .kind = FUZZ_GENERATION, .answered = 1 },
};
static const struct fuzz_type fuzz_controls = {
	"controls", 40, MILSPEC_CONTROLS_SIZE_MIN, fuzz_controls_fields, FUZZ_COUNT(fuzz_controls_fields),
};

static const unsigned int fuzz_apply_options[] = {
	MILSPEC_APPLY_CONFIRM_LATCH, MILSPEC_APPLY_LINES, MILSPEC_APPLY_TRAINING,
	MILSPEC_APPLY_MACHINE,
};
static const unsigned int fuzz_apply_mode[] = {
	MILSPEC_MODE_NONE, MILSPEC_MODE_BASELINE, MILSPEC_MODE_STANDARD,
	MILSPEC_MODE_ENHANCED, MILSPEC_MODE_PARANOID, MILSPEC_MODE_PARANOID_PLUS,
};
static const unsigned int fuzz_apply_outcome[] = {
	MILSPEC_OUTCOME_NONE, MILSPEC_OUTCOME_PLANNED, MILSPEC_OUTCOME_DONE,
	MILSPEC_OUTCOME_REFUSED, MILSPEC_OUTCOME_UNDONE, MILSPEC_OUTCOME_DEGRADED,
	MILSPEC_OUTCOME_CONFLICT,
};
static const unsigned int fuzz_apply_reason[] = {
	MILSPEC_REASON_NONE, MILSPEC_REASON_NO_CONTROL, MILSPEC_REASON_NO_VALUE,
	MILSPEC_REASON_TWICE, MILSPEC_REASON_QUARANTINED, MILSPEC_REASON_READ_ONLY,
	MILSPEC_REASON_RESTRICTED, MILSPEC_REASON_DENIED, MILSPEC_REASON_UNREADABLE,
	MILSPEC_REASON_DEPENDENCY, MILSPEC_REASON_NEEDED, MILSPEC_REASON_CYCLE,
	MILSPEC_REASON_LATCHED, MILSPEC_REASON_UNCONFIRMED, MILSPEC_REASON_NO_TPM,
	MILSPEC_REASON_UNKNOWN,
};
static const unsigned int fuzz_apply_properties[] = {
	MILSPEC_ANSWER_TRAINING,
};
static const struct fuzz_field fuzz_apply_fields[] = {
	{ .name = "head", .offset = 0, .width = 8, .count = 1, .kind = FUZZ_STRUCT, .asked = 1,
	  .of = &fuzz_head },
	{ .name = "generation", .offset = 8, .width = 8, .count = 1, .kind = FUZZ_GENERATION, .asked = 1, .answered = 1 },
	{ .name = "targets", .offset = 16, .width = 8, .count = 1, .kind = FUZZ_ADDRESS, .asked = 1,
	  .of = &fuzz_target, .number = 4, .stride = 5, .most = MILSPEC_TARGETS_MAX },
	{ .name = "steps", .offset = 24, .width = 8, .count = 1, .kind = FUZZ_ADDRESS, .asked = 1,
	  .of = &fuzz_step, .number = 6, .stride = 7, .most = MILSPEC_STEPS_MAX },
	{ .name = "target_count", .offset = 32, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .asked = 1 },
	{ .name = "target_stride", .offset = 36, .width = 4, .count = 1, .kind = FUZZ_STRIDE, .asked = 1 },
	{ .name = "step_capacity", .offset = 40, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .asked = 1 },
	{ .name = "step_stride", .offset = 44, .width = 4, .count = 1, .kind = FUZZ_STRIDE, .asked = 1 },
	{ .name = "step_count", .offset = 48, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "options", .offset = 52, .width = 4, .count = 1, .kind = FUZZ_BITS, .asked = 1,
	  .numbers = fuzz_apply_options, .number_count = FUZZ_COUNT(fuzz_apply_options) },
	{ .name = "mode", .offset = 56, .width = 1, .count = 1, .kind = FUZZ_NAMED, .asked = 1,
	  .numbers = fuzz_apply_mode, .number_count = FUZZ_COUNT(fuzz_apply_mode) },
	{ .name = "outcome", .offset = 57, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_apply_outcome, .number_count = FUZZ_COUNT(fuzz_apply_outcome) },
	{ .name = "reason", .offset = 58, .width = 1, .count = 1, .kind = FUZZ_NAMED, .answered = 1,
	  .numbers = fuzz_apply_reason, .number_count = FUZZ_COUNT(fuzz_apply_reason) },
	{ .name = "reserved", .offset = 59, .width = 1, .count = 1, .kind = FUZZ_RESERVED, .asked = 1, .answered = 1 },
	{ .name = "security_key", .offset = 60, .width = 2, .count = 1, .kind = FUZZ_KEY, .asked = 1, .answered = 1 },
	{ .name = "reserved2", .offset = 62, .width = 2, .count = 1, .kind = FUZZ_RESERVED, .asked = 1, .answered = 1 },
	{ .name = "control", .offset = 64, .width = 4, .count = 1, .kind = FUZZ_ID, .answered = 1 },
	{ .name = "needs", .offset = 68, .width = 4, .count = 1, .kind = FUZZ_ID, .answered = 1 },
	{ .name = "error", .offset = 72, .width = 4, .count = 1, .kind = FUZZ_ERRNO, .answered = 1 },
	{ .name = "firmware_calls", .offset = 76, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "mode_lines", .offset = 80, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "mode_present", .offset = 84, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "mode_reached", .offset = 88, .width = 4, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
	{ .name = "properties", .offset = 92, .width = 4, .count = 1, .kind = FUZZ_BITS, .answered = 1,
	  .numbers = fuzz_apply_properties, .number_count = FUZZ_COUNT(fuzz_apply_properties) },
	{ .name = "request", .offset = 96, .width = 8, .count = 1, .kind = FUZZ_NUMBER, .answered = 1 },
};
static const struct fuzz_type fuzz_apply = {
	"apply", 104, MILSPEC_APPLY_SIZE_MIN, fuzz_apply_fields, FUZZ_COUNT(fuzz_apply_fields),
};

static const int fuzz_read_errors[] = {
	EAGAIN, EFAULT, EINTR, EINVAL,
};
static const int fuzz_mode_errors[] = {
	EACCES, EAGAIN, EBUSY, ECANCELED, EINTR, EINVAL, EIO, ENOMEM, EPERM,
};
static const int fuzz_APPLY_errors[] = {
	E2BIG, EACCES, EAGAIN, EBADF, EBUSY, ECANCELED, EFAULT, EINTR, EINVAL, EIO,
	ENODEV, ENOMEM, ENOSPC, EPERM,
};
static const int fuzz_CONTROLS_errors[] = {
	E2BIG, EFAULT, EINVAL, ENOMEM, ENOSPC,
};
static const int fuzz_INFO_errors[] = {
	E2BIG, EFAULT, EINVAL, ENOMEM,
};
static const int fuzz_PLAN_errors[] = {
	E2BIG, EAGAIN, EFAULT, EINVAL, ENODEV, ENOMEM, ENOSPC,
};
static const int fuzz_REFRESH_errors[] = {
	E2BIG, EAGAIN, EBADF, EFAULT, EINTR, EINVAL, ENOMEM, EPERM,
};
static const int fuzz_STATUS_errors[] = {
	E2BIG, EFAULT, EINVAL, ENOMEM,
};
static const int fuzz_TRAINING_errors[] = {
	E2BIG, EBADF, EBUSY, EEXIST, EFAULT, EINTR, EINVAL, ENODEV, ENOMEM, ENOSPC,
	EPERM, EPROTO, ERANGE, ESTALE,
};

static const struct fuzz_request fuzz_requests[] = {
	{ "APPLY", MILSPEC_IOC_APPLY, &fuzz_apply, fuzz_APPLY_errors, FUZZ_COUNT(fuzz_APPLY_errors) },
	{ "CONTROLS", MILSPEC_IOC_CONTROLS, &fuzz_controls, fuzz_CONTROLS_errors, FUZZ_COUNT(fuzz_CONTROLS_errors) },
	{ "INFO", MILSPEC_IOC_INFO, &fuzz_info, fuzz_INFO_errors, FUZZ_COUNT(fuzz_INFO_errors) },
	{ "PLAN", MILSPEC_IOC_PLAN, &fuzz_apply, fuzz_PLAN_errors, FUZZ_COUNT(fuzz_PLAN_errors) },
	{ "REFRESH", MILSPEC_IOC_REFRESH, &fuzz_refresh, fuzz_REFRESH_errors, FUZZ_COUNT(fuzz_REFRESH_errors) },
	{ "STATUS", MILSPEC_IOC_STATUS, &fuzz_status, fuzz_STATUS_errors, FUZZ_COUNT(fuzz_STATUS_errors) },
	{ "TRAINING", MILSPEC_IOC_TRAINING, &fuzz_training, fuzz_TRAINING_errors, FUZZ_COUNT(fuzz_TRAINING_errors) },
};
