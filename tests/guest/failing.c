// SPDX-License-Identifier: GPL-2.0
/*
 * Failing memory, one allocation after the other: makes a call again and again, with its first, its
 * second, ... its last allocation failing, until it makes fewer. Run as root on a kernel with
 * FAULT_INJECTION:
 *
 *   failing SECONDS STRIDE CALL [ARGUMENT...]
 *
 * For each CALL that SECONDS are too few for, it prints so; STRIDE is by how much the number grows. Four
 * numbers are tried however long they take.
 * Only allocations below a function of a module are counted: those of the system call itself are
 * not ours. Prints one line:
 *
 *   CALL tried=N places=N done=N nomem=N mainline=N whole=0|1 last=N
 *
 * where done are those that ended well all the same, nomem those that ended with ENOMEM or were undone, and
 * mainline those of them, or refusals, in which mainline gives EIO for ENOMEM;
 *
 * and before it a line "BROKEN ..." for each promise that was broken.
 *
 * Promise: each call whose memory fails ends in what the interface names; one that ends well answers as
 * it does with all memory; what it was to change is as before or as asked for; afterwards the driver
 * answers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "dell_milspec.h"

#define ROOM 512
#define DEBUG "/sys/kernel/debug/"

static char **arguments;
static int broken;
static int fd = -1;

static void fail(const char *call, long number, const char *what)
{
	printf("BROKEN %s %ld: %s (%s)\n", call, number, what, strerror(errno));
	fflush(stdout);
	broken = 1;
}

static void put(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);

	if (file < 0 || write(file, text, strlen(text)) < 0) {
		perror(path);
		exit(2);
	}
	close(file);
}

/*
 * Writes without allocating in this process. Writing 0 to fail-nth can itself be the victim: it is
 * tried again.
 */
static int fail_nth;

static void arm(long number)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%ld", number);

	if (pwrite(fail_nth, text, length, 0) != length) {
		perror("fail-nth");
		exit(2);
	}
}

/* How many allocations were left to make; 0: the one that was to fail has failed. */
static long disarm(void)
{
	char text[24] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0) {
		perror("fail-nth");
		exit(2);
	}
	for (int tries = 0; pwrite(fail_nth, "0", 1, 0) != 1; tries++) {
		if (tries > 100) {
			perror("fail-nth");
			exit(2);
		}
	}
	return atol(text);
}

static int request(unsigned int number, void *of)
{
	return ioctl(fd, number, of) == 0 ? 0 : -errno;
}

static struct milspec_status status(void)
{
	struct milspec_status answer = { .head.size = sizeof(answer) };

	if (request(MILSPEC_IOC_STATUS, &answer) != 0) {
		perror("STATUS");
		exit(2);
	}
	return answer;
}

static struct milspec_step steps[ROOM];
static struct milspec_apply applied;
static struct milspec_target target;

static int apply(unsigned int number, int mode, uint32_t control, int value)
{
	applied = (struct milspec_apply) {
		.head.size = sizeof(applied),
		.mode = mode,
		.steps = (uintptr_t)steps,
		.step_capacity = ROOM,
		.step_stride = sizeof(steps[0]),
	};
	if (control) {
		target = (struct milspec_target) { .control = control, .value = value };
		applied.targets = (uintptr_t)&target;
		applied.target_count = 1;
		applied.target_stride = sizeof(target);
	}
	return request(number, &applied);
}

static struct milspec_control controls[ROOM];

/* What a call that ended well has said: how much, or which steps. It is the same each time. */
static uint64_t said;

/* Fills `controls`; the answer says how many. */
static int list_controls(struct milspec_controls *answer)
{
	*answer = (struct milspec_controls) {
		.head.size = sizeof(*answer),
		.buffer = (uintptr_t)controls,
		.capacity = ROOM,
		.stride = sizeof(controls[0]),
	};
	return request(MILSPEC_IOC_CONTROLS, answer);
}

/* Why the first control that could not be read could not be. */
static uint32_t reading_error(void)
{
	struct milspec_controls answer;

	if (list_controls(&answer) != 0)
		return 0;
	for (uint32_t i = 0; i < answer.count; i++)
		if (controls[i].reading == MILSPEC_READING_FAILED)
			return controls[i].error;
	return 0;
}

static int call_open(void)
{
	int other = open("/dev/milspec", O_RDWR | O_CLOEXEC);

	if (other < 0)
		return -errno;
	close(other);
	return 0;
}

static int call_info(void)
{
	struct milspec_info answer = { .head.size = sizeof(answer) };

	return request(MILSPEC_IOC_INFO, &answer);
}

static int call_status(void)
{
	struct milspec_status answer = { .head.size = sizeof(answer) };

	return request(MILSPEC_IOC_STATUS, &answer);
}

static int call_controls(void)
{
	struct milspec_controls answer;
	int result = list_controls(&answer);

	said = answer.count;
	return result;
}

static int call_refresh(void)
{
	struct milspec_refresh answer = { .head.size = sizeof(answer) };

	return request(MILSPEC_IOC_REFRESH, &answer);
}

static int call_plan(void)
{
	int result = apply(MILSPEC_IOC_PLAN, atoi(arguments[0]), 0, 0);

	if (result != 0)
		return result;
	said = (uint64_t)applied.step_count << 32 | applied.outcome;
	for (uint32_t i = 0; i < applied.step_count; i++)
		said = said * 31 + steps[i].control;
	return result;
}

/* Of a call that goes to and fro: which way is next. What has failed is not gone. */
static int turn;

/* A mode, and back to the baseline. */
static int call_apply(void)
{
	int result = apply(MILSPEC_IOC_APPLY, turn ? MILSPEC_MODE_BASELINE : atoi(arguments[0]), 0, 0);

	turn ^= result == 0;
	return result;
}

/* CONTROL VALUE OTHER: a list of one control, to the one value and to the other. */
static int call_list(void)
{
	int result = apply(MILSPEC_IOC_APPLY, 0, strtoul(arguments[0], NULL, 0),
			   atoi(arguments[1 + turn]));

	turn ^= result == 0;
	return result;
}

/* Begins a training, and ends it. */
static int call_train(void)
{
	struct milspec_training training = {
		.head.size = sizeof(training),
		.operation = turn ? MILSPEC_TRAINING_STOP : MILSPEC_TRAINING_START,
	};
	int result = request(MILSPEC_IOC_TRAINING, &training);

	turn ^= result == 0;
	return result;
}

/* All records, by a descriptor of its own. */
static int call_read(void)
{
	static char room[64 * MILSPEC_EVENT_SIZE];
	int other = open("/dev/milspec", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int result = 0;

	said = 0;
	if (other < 0)
		return -errno;
	for (;;) {
		ssize_t got = read(other, room, sizeof(room));

		if (got < 0 && errno != EAGAIN)
			result = -errno;
		if (got <= 0)
			break;
		said += got;
	}
	close(other);
	return result;
}

static int call_poll(void)
{
	struct pollfd set = { .fd = fd, .events = POLLIN };

	return poll(&set, 1, 0) < 0 ? -errno : 0;
}

/* FILE: reads it. FILE TEXT: writes it. */
static int call_file(void)
{
	static char room[65536];
	int other = open(arguments[0], arguments[1] ? O_WRONLY : O_RDONLY);
	int result = 0;
	ssize_t did;

	if (other < 0)
		return -errno;
	did = arguments[1] ? write(other, arguments[1], strlen(arguments[1])) :
			     read(other, room, sizeof(room));
	if (did < 0)
		result = -errno;
	/* How long a number is changes by itself. */
	said = did > 0;
	close(other);
	return result;
}

/* FILE TEXT OTHER-FILE OTHER-TEXT: writes the one, and then the other. */
static int call_toggle(void)
{
	int other = open(arguments[2 * turn], O_WRONLY);
	const char *text = arguments[2 * turn + 1];
	int result = 0;

	if (other < 0)
		return -errno;
	if (write(other, text, strlen(text)) < 0)
		result = -errno;
	turn ^= result == 0;
	close(other);
	return result;
}

/* FILE: loads the module in it, and unloads it. */
static int call_module(void)
{
	int result = 0;

	if (turn) {
		if (syscall(SYS_delete_module, "dell_milspec", O_NONBLOCK) != 0)
			result = -errno;
	} else {
		int other = open(arguments[0], O_RDONLY | O_CLOEXEC);

		if (other < 0)
			return -errno;
		if (syscall(SYS_finit_module, other, "", 0) != 0)
			result = -errno;
		close(other);
	}
	turn ^= result == 0;
	return result;
}

static const struct call {
	const char *name;
	int (*make)(void);
	/* It needs no descriptor, and would be in the way of one. */
	int apart;
	/* It changes controls. */
	int changes;
	/* It goes to and fro: each number is tried both ways. */
	int ways;
} calls[] = {
	{ "open", call_open, 0, 0, 1 },	      { "info", call_info, 0, 0, 1 },
	{ "status", call_status, 0, 0, 1 },   { "controls", call_controls, 0, 0, 1 },
	{ "refresh", call_refresh, 0, 0, 1 }, { "plan", call_plan, 0, 0, 1 },
	{ "apply", call_apply, 0, 1, 2 },     { "list", call_list, 0, 1, 2 },
	{ "train", call_train, 0, 0, 2 },     { "read", call_read, 0, 0, 1 },
	{ "poll", call_poll, 0, 0, 1 },	      { "file", call_file, 0, 0, 1 },
	{ "toggle", call_toggle, 1, 0, 2 },   { "module", call_module, 1, 0, 2 },
};

static void only_modules(const char *kind)
{
	/* The space that modules are loaded into: Documentation/arch/x86/x86_64/mm.rst. */
	static const char *const filter[][2] = {
		{ "require-start", "0xffffffffa0000000" },
		{ "require-end", "0xfffffffffeffffff" },
		{ "stacktrace-depth", "32" },
		{ "verbose", "0" },
	};
	char path[128];

	for (size_t i = 0; i < sizeof(filter) / sizeof(filter[0]); i++) {
		snprintf(path, sizeof(path), DEBUG "%s/%s", kind, filter[i][0]);
		put(path, filter[i][1]);
	}
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static struct {
	long tried, places, done, nomem, mainline;
} count;

/*
 * The error of a failed step or reading. Mainline's WMI makes EIO of ACPI's AE_NO_MEMORY, so that
 * nobody above it can tell that from firmware that fails; of DSML0001 the driver asks ACPI itself.
 */
static void check_error(const struct call *call, long number, uint32_t control, uint32_t error)
{
	if (error == ENOMEM)
		return;
	errno = error;
	if (error != EIO || control >> 16 != MILSPEC_FAMILY_PLATFORM)
		fail(call->name, number, "the firmware is blamed for memory");
	count.mainline++;
}

/* What an apply whose memory failed may have come to. */
static void check_apply(const struct call *call, long number, int result, int hit)
{
	uint32_t error = applied.error;

	if (result == 0 || result == -ENOMEM)
		return;
	if (result == -ECANCELED && hit) {
		check_error(call, number, applied.control, error);
	} else if (result == -EACCES && applied.reason == MILSPEC_REASON_UNREADABLE && hit) {
		error = reading_error();
		errno = error;
		if (error == ENOMEM)
			fail(call->name, number, "memory that fails is a reading that failed");
		check_error(call, number, applied.control, error);
	} else {
		errno = -result;
		fail(call->name, number, "an outcome that no failed allocation has");
	}
}

/* Whether the control of call_list has this value, of those that it goes between: 0 or 1. */
static int list_stands(int which)
{
	uint32_t control = strtoul(arguments[0], NULL, 0);
	struct milspec_controls answer;

	if (list_controls(&answer) != 0) {
		perror("CONTROLS");
		exit(2);
	}
	for (uint32_t i = 0; i < answer.count; i++)
		if (controls[i].id == control)
			return controls[i].current == atoi(arguments[1 + which]);
	return 0;
}

/* What a change was to change is as asked for where it was made, and as before where it was not. */
static void check_stands(const struct call *call, long number, const struct milspec_status *after)
{
	/* `turn` says what is asked for next. */
	if (call->make == call_list && !list_stands(!turn))
		fail(call->name, number, "the control has another value");
	if (call->make == call_apply && after->mode != (turn ? atoi(arguments[0]) : MILSPEC_MODE_BASELINE))
		fail(call->name, number, "the mode is another one");
}

/*
 * What is there after a load that ends well is what was there after the first one. Of a reading alone
 * mainline's WMI may have made a failed one; and the platform bus goes on without a DSML0001 that could
 * not be bound, which the kernel logs.
 */
static void check_loaded(const struct call *call, long number, int hit)
{
	static struct milspec_status first;
	struct milspec_status now;

	fd = open("/dev/milspec", O_RDONLY | O_CLOEXEC);
	now = status();
	close(fd);
	fd = -1;
	if (!first.head.size)
		first = now;
	errno = 0;
	if (now.platform.controls != first.platform.controls || now.anchor != first.anchor ||
	    (now.dsmil.controls != first.dsmil.controls && !(hit && now.dsmil.controls == 0)))
		fail(call->name, number, "it is loaded, and something is not there");
}

/* Makes the call with its allocation of this number failing; returns whether it makes so many. */
static int try(const struct call *call, long number)
{
	uint64_t good = said;
	struct milspec_status before = { 0 }, after;
	int result, hit, again;

	if (call->changes)
		before = status();
	said = 0;
	arm(number);
	result = call->make();
	hit = disarm() == 0;
	count.tried++;
	count.places += hit;
	count.done += result == 0;
	count.nomem += result == -ENOMEM || result == -ECANCELED;
	errno = -result;
	if (!hit && result != 0)
		fail(call->name, number, "it fails where no memory did");
	if (call->changes) {
		check_apply(call, number, result, hit);
		after = status();
		if (after.degraded != before.degraded || after.apply_steps != 0)
			fail(call->name, number, "half done");
		check_stands(call, number, &after);
	} else if (result != 0 && result != -ENOMEM) {
		fail(call->name, number, "another error than ENOMEM");
	}
	if (result == 0 && call->make == call_module && turn)
		check_loaded(call, number, hit);
	if (result == 0 && said != good)
		fail(call->name, number, "it ends well, and answers less or something else");
	if (result == 0)
		return hit;
	/* The next one works. */
	again = call->make();
	errno = -again;
	if (again != 0)
		fail(call->name, number, "the next call fails as well");
	else if (said != good)
		fail(call->name, number, "the next call answers something else");
	return hit;
}

int main(int argc, char **argv)
{
	const struct call *call = NULL;
	long number, stride, end;
	int whole = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: failing SECONDS STRIDE CALL [ARGUMENT...]\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, argv[3]) == 0)
			call = &calls[i];
	if (!call) {
		fprintf(stderr, "no call %s\n", argv[3]);
		return 2;
	}
	arguments = argv + 4;
	stride = atol(argv[2]);
	put(DEBUG "failslab/ignore-gfp-wait", "N");
	put(DEBUG "fail_page_alloc/ignore-gfp-wait", "N");
	put(DEBUG "fail_page_alloc/min-order", "0");
	only_modules("failslab");
	only_modules("fail_page_alloc");
	/* Copies to and from this program do not fail: a stack that there never is. */
	put(DEBUG "fail_usercopy/require-start", "1");
	put(DEBUG "fail_usercopy/require-end", "2");
	put(DEBUG "fail_usercopy/stacktrace-depth", "1");
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fail_nth < 0) {
		perror("fail-nth");
		return 2;
	}
	if (!call->apart && (fd = open("/dev/milspec", O_RDWR | O_CLOEXEC)) < 0) {
		perror("/dev/milspec");
		return 2;
	}
	/* What a first call allocates for good is not what the next one has to. */
	for (int way = 0; way < call->ways; way++) {
		int result = call->make();

		if (result != 0) {
			errno = -result;
			perror(call->name);
			return 2;
		}
	}

	end = now() + atol(argv[1]);
	for (number = 1; !whole && !broken && (now() < end || number <= 3 * stride + 1); number += stride) {
		int hits = 0;

		for (int way = 0; way < call->ways; way++)
			hits += try(call, number);
		whole = hits == 0;
	}
	printf("%s tried=%ld places=%ld done=%ld nomem=%ld mainline=%ld whole=%d "
	       "last=%ld\n", call->name, count.tried, count.places, count.done, count.nomem,
	       count.mainline, whole, number - stride);
	return broken;
}
