// SPDX-License-Identifier: GPL-2.0
/* What the parts of fuzz.c share: numbers at random, what is counted, what is broken. */
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_abi.h"

/* What is counted besides requests, which have the numbers before these. */
enum {
	UNKNOWN = FUZZ_COUNT(fuzz_requests),
	READ, POLL, SEEK, MAP, OPEN, PASS, SYSFS, MODE, RING,
	KINDS,
};
static const char *const kind_names[] = {
	"unknown", "read", "poll", "lseek", "mmap", "open", "pass", "sysfs", "mode", "io_uring",
};

/* Memory that a request, or an array of one, can be in; and what became of pages that are not there. */
enum {
	NOWHERE, KERNEL, BEHIND, FIXED, HOT, LATE, EDGE,
	OF_ARRAY, /* added to the former */
	CAME_LATE = 2 * OF_ARRAY, NEVER_CAME,
	TRICKS,
};
static const char *const trick_names[TRICKS] = {
	"request null", "request kernel", "request behind", "request read-only", "request changing",
	"request late", "request edge", "array null", "array kernel", "array behind", "array read-only",
	"array changing", "array late", "array edge", "page late", "page never",
};

#define ERRORS 134
#define BROKEN_MOST 20
#define THREADS_MOST 16

/* In memory that children share. */
struct shared {
	unsigned long broken;
	unsigned long long counts[KINDS][ERRORS], tricks[TRICKS];
	volatile int stop; /* the calls are to end */
	volatile int over; /* they have ended */
};
static struct shared *shared;
static unsigned long long seed;

struct control {
	uint32_t id;
	uint8_t values;
};
static struct control controls[256];
static uint32_t control_count;

#define MEMORY (512 * 1024)
#define EVENTS 64

struct worker {
	unsigned int number;
	volatile int thread; /* its id, for signals */
	unsigned long long call, state;
	unsigned long long counts[KINDS][ERRORS];
	int rw, ro, nonblocking; /* descriptors; the last is nobody else's */
	int inbox, outbox;	 /* sockets by which descriptors are passed */
	uint64_t next, practice_next; /* of `nonblocking`: what is read next */
	uint8_t load[16];
	uint64_t generation; /* as last seen */
	/* Memory of its own, memory that changes, and memory that comes late. */
	unsigned char *own, *hot, *late, *edge, *fixed;
	/* A request, and what it was. */
	unsigned char was[2 * MILSPEC_SIZE_MAX];
	struct ring *ring;
};

static __thread struct worker *self;

/* xorshift64*, begun anew with each call: what a call is depends on seed, thread and number alone. */
static inline uint32_t any(void)
{
	unsigned long long x = self->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	self->state = x;
	return (x * 0x2545F4914F6CDD1Dull) >> 32;
}

static inline uint32_t below(uint32_t n)
{
	return ((unsigned long long)any() * n) >> 32;
}

static inline int one_in(uint32_t n)
{
	return below(n) == 0;
}

static void begin(unsigned long long call)
{
	unsigned long long x = seed * 0x9E3779B97F4A7C15ull + self->number;

	x = (x ^ x >> 31) * 0xBF58476D1CE4E5B9ull + call;
	x = (x ^ x >> 27) * 0x94D049BB133111EBull;
	self->state = (x ^ x >> 30) | 1;
	self->call = call;
}

/* Numbers that are at a border of something. */
static uint64_t border(void)
{
	static const uint64_t some[] = {
		0, 1, 2, 7, 8, 255, 256, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000u, 0xFFFFFFFFu,
		0x100000000ull, 1ull << 63, ~0ull, ~0ull - 7, 4095, 4096, 4097, 1024, 1025,
	};

	return one_in(3) ? (uint64_t)any() << 32 | any() : some[below(FUZZ_COUNT(some))];
}

static void __attribute__((format(printf, 1, 2))) broken(const char *format, ...)
{
	va_list list;
	char text[300];

	if (__atomic_add_fetch(&shared->broken, 1, __ATOMIC_RELAXED) > BROKEN_MOST) {
		shared->stop = 1;
		return;
	}
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	printf("BROKEN seed %llu thread %u call %llu: %s\n", seed, self->number, self->call, text);
	fflush(stdout);
}

/* Sets of errors: one bit each. 0 stands for success. */
typedef uint64_t set;

static inline set of(int error)
{
	switch (error) {
	case ESTALE:
		return 1ull << 60;
	case EPROTO:
		return 1ull << 61;
	case ECANCELED:
		return 1ull << 62;
	default:
		return 1ull << (error < 60 ? error : 63);
	}
}

static set all_of(const int *errors, size_t count)
{
	set all = 0;

	while (count--)
		all |= of(errors[count]);
	return all;
}

static const char *error_name(int error)
{
	const char *name = error ? strerrorname_np(error) : "0";

	return name ? name : "?";
}

static void count(int kind, int error)
{
	self->counts[kind][error < ERRORS ? error : ERRORS - 1]++;
}

static void trick(int kind)
{
	__atomic_add_fetch(&shared->tricks[kind], 1, __ATOMIC_RELAXED);
}

/* Counts a call of a kind that has no request, and checks that its error is documented. */
static void ended(int kind, int error, set may)
{
	count(kind, error);
	if (!(of(error) & may))
		broken("%s: %s", kind_names[kind - UNKNOWN], error_name(error));
}

static uint64_t number_at(const unsigned char *at, unsigned int width)
{
	uint64_t number = 0;

	memcpy(&number, at, width < 8 ? width : 8);
	return number;
}

static void put(unsigned char *at, unsigned int width, uint64_t number)
{
	memcpy(at, &number, width < 8 ? width : 8);
}
