// SPDX-License-Identifier: GPL-2.0
/*
 * Every way to hand /dev/milspec a bad request. Built for 64 and for 32 bits and run in the guest
 * as root; one line for each promise, exit status 1 when one is broken.
 *
 * Promise: the answer to bad input is an errno, what is not the driver's to write is not written,
 * and 32-bit callers see the same as 64-bit ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dell_milspec.h"

static int broken;
static const char *subject;

static void check(int ok, const char *what)
{
	printf("%s %s: %s\n", ok ? "ok" : "BROKEN", subject, what);
	fflush(stdout);
	broken += !ok;
}

/* Makes the call and tells whether it ended as expected: 0 for success, else an errno. */
static int ends(int fd, unsigned int request, void *arg, int expected)
{
	int result = ioctl(fd, request, arg) == 0 ? 0 : errno;

	if (result != expected)
		printf("# got %s, expected %s\n", strerror(result), strerror(expected));
	return result == expected;
}

struct request {
	const char *name;
	unsigned int number;
	uint32_t size, size_min;
};

static const struct request requests[] = {
	{ "INFO", MILSPEC_IOC_INFO, sizeof(struct milspec_info), MILSPEC_INFO_SIZE_MIN },
	{ "STATUS", MILSPEC_IOC_STATUS, sizeof(struct milspec_status), MILSPEC_STATUS_SIZE_MIN },
	{ "CONTROLS", MILSPEC_IOC_CONTROLS, sizeof(struct milspec_controls),
	  MILSPEC_CONTROLS_SIZE_MIN },
	{ "REFRESH", MILSPEC_IOC_REFRESH, sizeof(struct milspec_refresh),
	  MILSPEC_REFRESH_SIZE_MIN },
	{ "PLAN", MILSPEC_IOC_PLAN, sizeof(struct milspec_apply), MILSPEC_APPLY_SIZE_MIN },
	{ "APPLY", MILSPEC_IOC_APPLY, sizeof(struct milspec_apply), MILSPEC_APPLY_SIZE_MIN },
	{ "TRAINING", MILSPEC_IOC_TRAINING, sizeof(struct milspec_training),
	  MILSPEC_TRAINING_SIZE_MIN },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROOM 16384

static unsigned char *room;

/* A request of `size` bytes, all zero but for its size, at `offset` in `room`; 0xAA behind it. */
static void *blank(uint32_t size, size_t offset)
{
	memset(room, 0xAA, ROOM);
	memset(room + offset, 0, size < 8 ? 8 : size);
	memcpy(room + offset, &size, sizeof(size));
	return room + offset;
}

static int untouched(const unsigned char *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (from[i] != 0xAA)
			return 0;
	return 1;
}

static void sizes(int fd, const struct request *r)
{
	unsigned char *arg;
	uint32_t size, huge;

	check(ends(fd, r->number, NULL, EFAULT), "null");
	check(ends(fd, r->number, (void *)(uintptr_t)-4096, EFAULT), "an address of the kernel");
	arg = blank(r->size, 0);
	check(ends(fd, r->number, arg, 0) && untouched(room + r->size, 64), "its own size");
	arg = blank(r->size, 3);
	check(ends(fd, r->number, arg, 0) && untouched(arg + r->size, 64), "misaligned");
	for (size = 0; size < r->size_min; size = size ? size * 2 : 1)
		if (!ends(fd, r->number, blank(size, 0), EINVAL))
			break;
	check(size >= r->size_min, "short sizes");
	check(ends(fd, r->number, blank(r->size_min - 1, 0), EINVAL), "one byte short");
	blank(r->size_min, 0);
	check(ends(fd, r->number, room, 0) && untouched(room + r->size_min, 64),
	      "the size of version 1.0");
	arg = blank(r->size + 8, 0);
	check(ends(fd, r->number, arg, 0) && !arg[r->size] && untouched(arg + r->size + 8, 64),
	      "over-long, tail zero");
	arg = blank(r->size + 8, 0);
	arg[r->size + 7] = 1;
	check(ends(fd, r->number, arg, E2BIG), "over-long, last byte of the tail not zero");
	arg = blank(4096, 0);
	check(ends(fd, r->number, arg, 0), "4096 bytes");
	arg = blank(4096, 0);
	arg[2000] = 1;
	check(ends(fd, r->number, arg, E2BIG), "4096 bytes, a byte within the tail not zero");
	check(ends(fd, r->number, blank(4097, 0), E2BIG), "4097 bytes");
	for (huge = 0x80000000u; huge; huge = huge == ~0u ? 0 : ~0u) {
		arg = blank(r->size, 0);
		memcpy(arg, &huge, sizeof(huge));
		check(ends(fd, r->number, arg, E2BIG), "huge size");
	}
	arg = blank(r->size, 0);
	arg[4] = 1;
	check(ends(fd, r->number, arg, EINVAL), "a flag");
}

static void mappings(int fd, const struct request *r)
{
	long page = sysconf(_SC_PAGESIZE);
	unsigned char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *arg;

	if (two == MAP_FAILED || munmap(two + page, page)) {
		check(0, "cannot map");
		return;
	}
	arg = two + page - 8;
	memcpy(arg, &r->size, sizeof(r->size));
	check(ends(fd, r->number, arg, EFAULT), "ends behind its mapping");
	memcpy(two + page - 2, &r->size, 2);
	check(ends(fd, r->number, two + page - 2, EFAULT), "its size ends behind its mapping");
	memset(two, 0, page);
	memcpy(two, &r->size, sizeof(r->size));
	mprotect(two, page, PROT_READ);
	check(ends(fd, r->number, two, EFAULT), "a read-only mapping");
	munmap(two, page);
}

static void numbers(int fd)
{
	static const unsigned int unknown[] = {
		0, ~0u, 0xC008DE07, 0xC008DEFF, 0xC008DD00, 0xC010DE00, 0x8008DE00, 0x4008DE01,
		0x0000DE01, 0x5401 /* TCGETS */,
	};
	size_t i;

	subject = "unknown requests";
	for (i = 0; i < COUNT(unknown); i++)
		if (!ends(fd, unknown[i], blank(64, 0), ENOTTY))
			break;
	check(i == COUNT(unknown), "ENOTTY");
}

static void arrays(int fd)
{
	static unsigned char array[1 << 20];
	struct milspec_controls q = { .head = { .size = sizeof(q) } }, fresh;
	const struct milspec_control *first;
	uint32_t count;
	size_t i;

	subject = "CONTROLS";
	check(ends(fd, MILSPEC_IOC_CONTROLS, &q, 0) && q.count > 0, "capacity 0 counts");
	count = q.count;
	fresh = (struct milspec_controls){
		.head = { .size = sizeof(fresh) },
		.buffer = (uintptr_t)array,
		.capacity = count,
		.stride = sizeof(struct milspec_control),
	};
#define TRY(change, expected) \
	(q = fresh, memset(array, 0xAA, sizeof(array)), (void)(change), \
	 ends(fd, MILSPEC_IOC_CONTROLS, &q, expected))

	check(TRY(0, 0) && untouched(array + count * q.stride, 64), "fills just its array");
	first = (const struct milspec_control *)array;
	check(first->name[0] && first->value_count <= 8, "the first control has a name");
	check(TRY(q.capacity = ~0u, 0), "any capacity above the number");
	check(TRY(q.capacity--, ENOSPC) && untouched(array, sizeof(array)) && q.count == count,
	      "one too few: ENOSPC, the number, array untouched");
	check(TRY(q.stride = 0, EINVAL), "stride 0");
	check(TRY(q.stride = MILSPEC_CONTROL_SIZE_MIN, 0), "stride of version 1.0");
	check(TRY(q.stride = MILSPEC_CONTROL_SIZE_MIN - 8, EINVAL), "stride short");
	check(TRY(q.stride += 4, EINVAL), "stride not a multiple of 8");
	check(TRY(q.stride = ~7u, EINVAL), "stride huge");
	check(TRY(q.properties = ~0u, 0) && q.properties == 0, "what only answers say");
	check(TRY(q.buffer = 0, EFAULT), "array at null");
	check(TRY(q.buffer = (uint64_t)-4096, EFAULT), "array in the kernel");
	check(TRY(q.buffer = 1ull << 40 | 8, EFAULT), "array above 32 bits, unmapped");
	check(TRY(q.buffer += 5, 0) && untouched(array, 5), "array misaligned");
	if (TRY(q.stride += 16, 0)) {
		for (i = 0; i < 16 && !array[sizeof(*first) + i]; i++)
			;
		check(i == 16, "stride above the driver's: the rest is zero");
	} else {
		check(0, "stride above the driver's");
	}
#undef TRY
}

static void applies(int fd, unsigned int request)
{
	static unsigned char array[1 << 16];
	static struct {
		struct milspec_target target;
		uint64_t tail;
	} wide[2];
	struct milspec_target target = { .control = 0x10000, .value = 0xF0 };
	struct milspec_apply q, fresh = {
		.head = { .size = sizeof(fresh) },
		.mode = MILSPEC_MODE_STANDARD,
		.steps = (uintptr_t)array,
		.step_capacity = 1,
		.step_stride = sizeof(struct milspec_step),
		.target_stride = sizeof(target),
	};
	const size_t step = sizeof(struct milspec_step);
	int refused = request == MILSPEC_IOC_APPLY ? EACCES : 0;

	subject = request == MILSPEC_IOC_APPLY ? "APPLY" : "PLAN";
#define TRY(change, expected) \
	(q = fresh, memset(array, 0xAA, sizeof(array)), (void)(change), \
	 ends(fd, request, &q, expected))
#define LIST(address, number) (q.targets = (address), q.target_count = (number))

	check(TRY(0, ENOSPC) && q.step_count > 1 && untouched(array + step, 64),
	      "room for one step: ENOSPC, the number");
	check(TRY(q.step_capacity = MILSPEC_STEPS_MAX + 1, EINVAL), "room for too many steps");
	check(TRY(q.step_capacity = ~0u, EINVAL), "room for 4 billion steps");
	check(TRY((q.steps = 0, q.step_capacity = 100), EFAULT), "steps at null");
	check(TRY((q.steps = (uint64_t)-4096, q.step_capacity = 100), EFAULT),
	      "steps in the kernel");
	check(TRY(q.mode = MILSPEC_MODE_PARANOID_PLUS + 1, EINVAL), "no such mode");
	check(TRY(q.mode = 0xFF, EINVAL), "mode 255");
	check(TRY(q.options = 16, EINVAL), "an unknown option");
	check(TRY((q.options = MILSPEC_APPLY_LINES, LIST((uintptr_t)&target, 1)), EINVAL),
	      "lines of a list");
	check(TRY((q.options = MILSPEC_APPLY_LINES, q.mode = MILSPEC_MODE_NONE), EINVAL),
	      "lines of no mode");
	check(TRY(q.options = MILSPEC_APPLY_LINES,
		  request == MILSPEC_IOC_APPLY ? EINVAL : ENOSPC) &&
	      untouched(array + step, 64), "lines: of a plan only, and where there is room");
	check(TRY(q.reserved = 1, EINVAL) && TRY(q.reserved2 = 1, EINVAL), "reserved");
	check(TRY(q.generation = ~0ull, EAGAIN) && untouched(array + step, 64),
	      "another generation: EAGAIN");
	check(TRY((q.generation = ~0ull, q.properties = ~0u, q.firmware_calls = 7), EAGAIN) &&
	      q.properties == ~0u && q.firmware_calls == 7, "which leaves the answer as it was");
	check(TRY(LIST(0, 1), EFAULT), "targets at null");
	check(TRY(LIST((uint64_t)-4096, 1), EFAULT), "targets in the kernel");
	check(TRY(LIST((uintptr_t)array, MILSPEC_TARGETS_MAX + 1), E2BIG), "too many targets");
	check(TRY(LIST((uintptr_t)array, ~0u), E2BIG), "4 billion targets");
	check(TRY(LIST((uintptr_t)array, 1), EINVAL), "reserved bytes of a target");
	check(TRY(LIST((uintptr_t)&target, 1), refused) && q.outcome == MILSPEC_OUTCOME_REFUSED &&
	      q.reason == MILSPEC_REASON_NO_VALUE && q.control == target.control,
	      "a value out of range: refused");
	check(TRY((LIST((uintptr_t)&target, 1), q.target_stride -= 8), EINVAL),
	      "stride of targets short");
	check(TRY((LIST((uintptr_t)&target, 1), q.target_stride += 4), EINVAL),
	      "stride of targets not a multiple of 8");
	check(TRY((LIST((uintptr_t)&target, 1), q.target_stride = ~7u), EINVAL) &&
	      TRY((LIST((uintptr_t)&target, 1), q.target_stride = 4104), EINVAL),
	      "stride of targets huge");
	check(TRY((LIST((uintptr_t)&target, 1), q.target_stride = 0), EINVAL), "stride of targets 0");
	check(TRY(q.step_stride -= 8, EINVAL) && TRY(q.step_stride += 4, EINVAL) &&
	      TRY(q.step_stride = ~7u, EINVAL) && TRY(q.step_stride = 0, EINVAL),
	      "stride of steps");
	check(TRY((q.mode = MILSPEC_MODE_NONE, q.step_capacity = q.step_stride = 0,
		   q.target_stride = 7), 0), "without an array its stride does not matter");
	wide[0].target = wide[1].target = target;
	wide[1].target.control++;
	wide[1].tail = 0;
	check(TRY((LIST((uintptr_t)wide, 2), q.target_stride = sizeof(wide[0])), refused) &&
	      q.reason == MILSPEC_REASON_NO_VALUE && q.control == target.control,
	      "targets with a tail of zeros");
	wide[1].tail = 1ull << 63;
	check(TRY((LIST((uintptr_t)wide, 2), q.target_stride = sizeof(wide[0])), E2BIG),
	      "targets with a tail of more than zeros");
	target.reserved2 = 1;
	check(TRY(LIST((uintptr_t)&target, 1), EINVAL), "reserved words of a target");
	target.reserved2 = 0;
	check(TRY(q.step_stride += 8, ENOSPC) && untouched(array + step + 8, 64),
	      "one step with a tail: nothing behind it is touched");
	target.control = ~0u;
	check(TRY(LIST((uintptr_t)&target, 1), refused) &&
	      q.reason == MILSPEC_REASON_NO_CONTROL && q.control == ~0u,
	      "a control out of range: refused");
	check(TRY((q.mode = MILSPEC_MODE_PARANOID_PLUS, q.options = MILSPEC_APPLY_CONFIRM_LATCH,
		   LIST((uintptr_t)&target, 1)), EINVAL), "exceptions from paranoid-plus");
	check(TRY(q.mode = MILSPEC_MODE_PARANOID_PLUS, refused) &&
	      q.reason == MILSPEC_REASON_UNCONFIRMED, "paranoid-plus without a confirmation");
	check(TRY((q.mode = MILSPEC_MODE_NONE, q.security_key = 0xBEEF), 0) && !q.security_key &&
	      !q.step_count, "nothing to do: done, and the key is not given back");
	check(!q.request == (request == MILSPEC_IOC_PLAN), "an apply has a number, a plan has none");
	if (request == MILSPEC_IOC_PLAN) {
		q = fresh;
		q.step_capacity = MILSPEC_STEPS_MAX;
		q.step_stride = step + 8;
		memset(array, 0xAA, sizeof(array));
		check(ends(fd, request, &q, 0) && q.step_count > 1, "a plan with a wide stride");
		for (uint32_t i = 0; i < q.step_count; i++) {
			const unsigned char *at = array + i * (step + 8);
			const struct milspec_step *s = (const void *)at;
			static const unsigned char zeros[8];

			if (!s->control || s->state != MILSPEC_STEP_PLANNED ||
			    s->now != MILSPEC_INDEX_NONE || memcmp(at + step, zeros, 8)) {
				check(0, "each step in its place, zeros behind it");
				break;
			}
		}
		check(untouched(array + q.step_count * (step + 8), 64), "nothing behind the last");
	}
#undef LIST
#undef TRY
}

static void others(int fd)
{
	char byte;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	subject = "other calls";
	check(read(fd, &byte, 1) < 0 && errno == EINVAL, "read: EINVAL");
	check(write(fd, &byte, 1) < 0 && errno == EINVAL, "write: EINVAL");
	check(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV,
	      "mmap: ENODEV");
	check(poll(&p, 1, 0) >= 0, "poll returns");
}

static void rights(const struct request *r)
{
	int readonly = open("/dev/milspec", O_RDONLY);
	int status;
	pid_t child;

	subject = r->name;
	check(ends(readonly, r->number, blank(r->size, 0), EBADF), "a read-only descriptor: EBADF");
	close(readonly);
	child = fork();
	if (child == 0) {
		int fd = open("/dev/milspec", O_RDWR);

		_exit(fd < 0 || setuid(65534) || !ends(fd, r->number, blank(r->size, 0), EPERM));
	}
	check(child > 0 && waitpid(child, &status, 0) == child && status == 0,
	      "a descriptor passed to an ordinary user: EPERM");
}

static volatile int stop;

static void *reader(void *unused)
{
	struct milspec_control *array = calloc(1024, sizeof(*array));
	intptr_t bad = array == NULL;
	uint64_t last = 0;

	(void)unused;
	while (!stop && !bad) {
		int fd = open("/dev/milspec", O_RDONLY);
		struct milspec_controls q = {
			.head = { .size = sizeof(q) },
			.buffer = (uintptr_t)array,
			.capacity = 1024,
			.stride = sizeof(*array),
		};

		bad = fd < 0 || ioctl(fd, MILSPEC_IOC_CONTROLS, &q) || !q.count || q.count > 1024 ||
		      q.generation < last;
		last = q.generation;
		for (uint32_t i = 0; !bad && i < q.count; i++)
			bad = !array[i].name[0] || array[i].changed > q.generation;
		close(fd);
		/* One processor has to do for the refreshes as well. */
		usleep(500);
	}
	free(array);
	return (void *)bad;
}

static void crowd(int fd)
{
	struct milspec_refresh q = { .head = { .size = sizeof(q) } };
	pthread_t threads[8];
	intptr_t bad = 0;

	subject = "8 readers";
	for (size_t i = 0; i < COUNT(threads); i++)
		bad |= pthread_create(&threads[i], NULL, reader, NULL);
	for (int i = 0; i < 5; i++)
		bad |= ioctl(fd, MILSPEC_IOC_REFRESH, &q);
	for (int i = 0; i < 40; i++) {
		struct milspec_training t = { .head = { .size = sizeof(t) } };

		t.operation = i % 2 ? MILSPEC_TRAINING_STOP : MILSPEC_TRAINING_START;
		bad |= ioctl(fd, MILSPEC_IOC_TRAINING, &t);
	}
	stop = 1;
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *result;

		pthread_join(threads[i], &result);
		bad |= (intptr_t)result;
	}
	check(!bad, "see whole snapshots, each of the last generation or a later one");
}

static void trains(int fd)
{
	static unsigned char bytes[64];
	struct milspec_training q;
	const uint64_t kernel = (uint64_t)-4096;
	uint32_t session;

	subject = "TRAINING";
#define TRAIN(change, expected) \
	(q = (struct milspec_training){ .head = { .size = sizeof(q) }, \
					.operation = MILSPEC_TRAINING_START }, \
	 (void)(change), ends(fd, MILSPEC_IOC_TRAINING, &q, expected))
#define DEVICES(address, number, size) \
	(q.devices = (address), q.device_count = (number), q.device_stride = (size))
#define TOKENS(address, size) (q.tokens = (address), q.token_bytes = (size))
#define TARGETS(address, number, size) \
	(q.targets = (address), q.target_count = (number), q.target_stride = (size))
	check(TRAIN(q.operation = MILSPEC_TRAINING_STATE, 0), "how it stands");
	session = q.session;

	check(TRAIN(DEVICES(0, 1, 64), EFAULT), "devices at null");
	check(TRAIN(DEVICES(kernel, 1, 64), EFAULT), "devices in the kernel");
	check(TRAIN(DEVICES((uintptr_t)bytes, MILSPEC_TRAINING_DEVICES_MAX + 1, 64), E2BIG) &&
	      TRAIN(DEVICES((uintptr_t)bytes, ~0u, 64), E2BIG), "too many devices");
	check(TRAIN(DEVICES((uintptr_t)bytes, 1, 0), EINVAL) &&
	      TRAIN(DEVICES((uintptr_t)bytes, 1, 63), EINVAL) &&
	      TRAIN(DEVICES((uintptr_t)bytes, 1, 72), EINVAL), "devices of another size");
	check(TRAIN(DEVICES((uintptr_t)bytes, 1, 64), EPROTO), "a device of zeros");
	check(TRAIN(TOKENS(0, 64), EFAULT), "tokens at null");
	check(TRAIN(TOKENS(kernel, 64), EFAULT), "tokens in the kernel");
	check(TRAIN(TOKENS((uintptr_t)bytes, MILSPEC_TRAINING_TOKENS_MAX + 1), E2BIG) &&
	      TRAIN(TOKENS((uintptr_t)bytes, ~0u), E2BIG), "too many tokens");
	check(TRAIN(TOKENS((uintptr_t)bytes, 64), EINVAL), "tokens that are none");
	check(TRAIN(TARGETS(0, 1, 16), EFAULT), "targets at null");
	check(TRAIN(TARGETS(kernel, 1, 16), EFAULT), "targets in the kernel");
	check(TRAIN(TARGETS((uintptr_t)bytes, MILSPEC_TARGETS_MAX + 1, 16), E2BIG) &&
	      TRAIN(TARGETS((uintptr_t)bytes, ~0u, 16), E2BIG), "too many targets");
	check(TRAIN(TARGETS((uintptr_t)bytes, 1, 8), EINVAL), "targets of another size");
	check(TRAIN(q.reserved[2] = 1, EINVAL) && TRAIN(q.reserved2 = 1, EINVAL) &&
	      TRAIN(q.reserved3 = 1, EINVAL), "reserved");
	check(TRAIN(q.operation = ~0u, EINVAL), "no such operation");
	check(TRAIN(q.operation = MILSPEC_TRAINING_STATE, 0) && q.properties == 0 &&
	      q.session == session, "nothing has begun");
}

int main(void)
{
	int fd = open("/dev/milspec", O_RDWR | O_CLOEXEC);

	subject = "abuse";
	room = malloc(ROOM);
	if (fd < 0 || !room) {
		perror("/dev/milspec");
		return 1;
	}
	for (size_t i = 0; i < COUNT(requests); i++) {
		subject = requests[i].name;
		sizes(fd, &requests[i]);
		mappings(fd, &requests[i]);
	}
	numbers(fd);
	arrays(fd);
	others(fd);
	applies(fd, MILSPEC_IOC_PLAN);
	applies(fd, MILSPEC_IOC_APPLY);
	for (size_t i = 0; i < COUNT(requests); i++)
		if (requests[i].number == MILSPEC_IOC_REFRESH ||
		    requests[i].number == MILSPEC_IOC_APPLY)
			rights(&requests[i]);
	trains(fd);
	crowd(fd);
	return broken != 0;
}
