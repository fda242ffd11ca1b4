// SPDX-License-Identifier: GPL-2.0
/*
 * What an answer of the driver costs, beside what something comparable costs. `machine bench` runs
 * it in the guest as root, with the milliseconds of a round, their number, and the security key of
 * the firmware's password, and makes a table of its output: a line for each row of its name, its
 * nanoseconds and those of its anchor, and a line "about" of what was measured.
 *
 * Rounds of a row and of its anchor take turns, and the best of each counts: what else the machine
 * does makes some rounds longer, and none shorter.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "dell_milspec.h"

#define MODE_FILE "/sys/devices/faux/dell_milspec/mode"
#define TOKEN_FILES "/sys/devices/platform/dell-smbios.0/tokens/*_value"
/* Records that are read, of the journal and of the kernel log. */
#define RECORDS 256
/* Applies after which a journal without so many records will never have them. */
#define APPLIES 200
#define MAX_CONTROLS 1024

struct op {
	const char *name;
	void (*run)(void);
	/* What a run does at once: controls, records. */
	const unsigned long *units;
};

static const unsigned long one = 1, records = RECORDS;
static unsigned long controls_count, steps_count, planned;
static int device, kmsg, zero, mode_file, token_file;
static char *token_path;
static uint16_t key;

static void die(const char *what)
{
	fprintf(stderr, "cannot measure: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void expect(int holds, const char *what)
{
	if (!holds)
		die(what);
}

static void refused(void)
{
	expect(ioctl(device, _IO(0xDE, 0x7F), 0) < 0 && errno == ENOTTY, "an unknown ioctl");
}

static void info(void)
{
	struct milspec_info q = { .head = { .size = sizeof(q) } };

	expect(!ioctl(device, MILSPEC_IOC_INFO, &q), "INFO");
}

static struct milspec_status status(void)
{
	struct milspec_status q = { .head = { .size = sizeof(q) } };

	expect(!ioctl(device, MILSPEC_IOC_STATUS, &q), "STATUS");
	return q;
}

static void status_once(void)
{
	status();
}

static void controls(void)
{
	static struct milspec_control array[MAX_CONTROLS];
	struct milspec_controls q = {
		.head = { .size = sizeof(q) },
		.buffer = (uintptr_t)array,
		.capacity = MAX_CONTROLS,
		.stride = sizeof(*array),
	};

	expect(!ioctl(device, MILSPEC_IOC_CONTROLS, &q) && q.count > 0, "CONTROLS");
	controls_count = q.count;
}

static int change(unsigned long number, unsigned char mode)
{
	static struct milspec_step steps[MILSPEC_STEPS_MAX];
	struct milspec_apply q = {
		.head = { .size = sizeof(q) },
		.mode = mode,
		.security_key = key,
		.steps = (uintptr_t)steps,
		.step_capacity = MILSPEC_STEPS_MAX,
		.step_stride = sizeof(struct milspec_step),
	};
	int result = ioctl(device, number, &q);

	steps_count = q.step_count;
	return result ? -1 : q.outcome;
}

static void plan(void)
{
	expect(change(MILSPEC_IOC_PLAN, MILSPEC_MODE_PARANOID) == MILSPEC_OUTCOME_PLANNED,
	       "PLAN of paranoid");
	planned = steps_count;
}

/* Reads a file that is open: nothing but what makes its text, and what reads it. */
static void again(int fd)
{
	char text[64];

	expect(pread(fd, text, sizeof(text), 0) > 0, "a file of sysfs");
}

static void mode(void)
{
	again(mode_file);
}

static void token(void)
{
	again(token_file);
}

/* Reads all of a file, as `cat` does. */
static void cat(const char *path)
{
	char text[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	expect(fd >= 0 && read(fd, text, sizeof(text)) > 0 && read(fd, text, sizeof(text)) == 0,
	       path);
	close(fd);
}

static void mode_cat(void)
{
	cat(MODE_FILE);
}

static void token_cat(void)
{
	cat(token_path);
}

static void events(void)
{
	static struct milspec_event batch[RECORDS];

	expect(lseek(device, 1, SEEK_SET) == 1 &&
	       read(device, batch, sizeof(batch)) == sizeof(batch) &&
	       batch[RECORDS - 1].sequence == RECORDS, "records of the journal");
}

/* One by one, as the kernel log gives its records out. */
static void single_events(void)
{
	struct milspec_event event;

	expect(lseek(device, 1, SEEK_SET) == 1, "the journal");
	for (int i = 0; i < RECORDS; i++)
		expect(read(device, &event, sizeof(event)) == sizeof(event), "a record of the journal");
}

/* What as many system calls cost that do no more than to hand out so many bytes. */
static void zeros(void)
{
	struct milspec_event event;

	for (int i = 0; i < RECORDS; i++)
		expect(read(zero, &event, sizeof(event)) == sizeof(event), "/dev/zero");
}

static void log_records(void)
{
	char text[8192];

	expect(lseek(kmsg, 0, SEEK_SET) == 0, "/dev/kmsg");
	for (int i = 0; i < RECORDS; i++)
		expect(read(kmsg, text, sizeof(text)) > 0, "records of /dev/kmsg");
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static uint64_t run(const struct op *op, unsigned long times)
{
	uint64_t start = now();

	for (unsigned long i = 0; i < times; i++)
		op->run();
	return now() - start;
}

/* How often it is to be done in a round of `length`. */
static unsigned long fit(const struct op *op, uint64_t length)
{
	unsigned long times = 1;

	/* The first time has costs of its own. */
	op->run();
	while (run(op, times) < length)
		times *= 2;
	return times;
}

static double best(const struct op *op, unsigned long times, double before)
{
	double took = (double)run(op, times) / times / *op->units;

	return before == 0 || took < before ? took : before;
}

static void measure(const struct op *row, const struct op *anchor, uint64_t length, int rounds)
{
	unsigned long row_times = fit(row, length), anchor_times = fit(anchor, length);
	double row_best = 0, anchor_best = 0;

	for (int i = 0; i < rounds; i++) {
		anchor_best = best(anchor, anchor_times, anchor_best);
		row_best = best(row, row_times, row_best);
	}
	printf("row %s %.1f %.1f\n", row->name, row_best, anchor_best);
	fflush(stdout);
}

/* Records what can be read: of changes, for these are what a journal is full of. */
static void fill_journal(void)
{
	static const unsigned char modes[] = { MILSPEC_MODE_STANDARD, MILSPEC_MODE_PARANOID };

	for (int i = 0; status().journal_next <= RECORDS && i < APPLIES; i++)
		expect(change(MILSPEC_IOC_APPLY, modes[i % 2]) == MILSPEC_OUTCOME_DONE, "APPLY");
	/* The TPM takes its time for them, on this processor. */
	for (int i = 0; status().anchor_pending && i < 600; i++)
		usleep(100000);
	expect(!status().anchor_pending, "the TPM");
}

struct row {
	struct op op, anchor;
};

#define REFUSED { "refused", refused, &one }
#define LOG { "log", log_records, &records }

static const struct row of_controls[] = {
	{ { "status", status_once, &one }, REFUSED },
	{ { "info", info, &one }, REFUSED },
	{ { "controls", controls, &controls_count }, REFUSED },
	{ { "plan", plan, &one }, REFUSED },
	{ { "mode", mode, &one }, { "token", token, &one } },
	{ { "mode-cat", mode_cat, &one }, { "token-cat", token_cat, &one } },
};

static const struct row of_records[] = {
	{ { "events", events, &records }, LOG },
	{ { "event", single_events, &records }, LOG },
	{ { "zeros", zeros, &records }, LOG },
};

static int get(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	expect(fd >= 0, path);
	return fd;
}

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

int main(int argc, char **argv)
{
	uint64_t length = argc > 1 ? strtoull(argv[1], NULL, 0) * 1000000 : 0;
	int rounds = argc > 2 ? atoi(argv[2]) : 0;
	glob_t tokens;

	if (!length || rounds < 1)
		return 2;
	key = argc > 3 ? atoi(argv[3]) : 0;
	expect(!glob(TOKEN_FILES, 0, NULL, &tokens), TOKEN_FILES);
	token_path = tokens.gl_pathv[0];
	device = get("/dev/milspec", O_RDWR);
	kmsg = get("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	zero = get("/dev/zero", O_RDONLY);
	mode_file = get(MODE_FILE, O_RDONLY);
	token_file = get(token_path, O_RDONLY);

	/* The machine as it is, before what fills the journal changes it. */
	for (size_t i = 0; i < COUNT(of_controls); i++)
		measure(&of_controls[i].op, &of_controls[i].anchor, length, rounds);
	printf("about %lu %lu %d\n", controls_count, planned, RECORDS);
	fill_journal();
	for (size_t i = 0; i < COUNT(of_records); i++)
		measure(&of_records[i].op, &of_records[i].anchor, length, rounds);
	return 0;
}
