// SPDX-License-Identifier: GPL-2.0
/*
 * A client of /dev/milspec that is none of milspecctl's: it knows the generated header and nothing
 * else. Run in the guest; a test gives it one or more requests, with "--" between them:
 *
 *   ask plan mode=3 -- apply mode=3 set=0x10000:1 confirm key=0x5ec5 generation=7 -- status
 *   ask train op=1 set=0x10000:0 -- train op=3 inject=4 control=0x10000 value=1 after=2
 *
 * What comes back is printed as lines of a word and KEY=NUMBER pairs; an errno is no failure of
 * this program, but the answer that it prints.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/wmi.h>

#include "dell_milspec.h"

#define MAX_CONTROLS 512

struct request {
	struct milspec_apply apply;
	struct milspec_training training;
	struct milspec_target targets[MILSPEC_TARGETS_MAX + 1];
	struct milspec_step steps[MILSPEC_STEPS_MAX];
	unsigned long plain[8];
	int plain_count;
	int loses;
	const char *devices;
	const char *tokens;
};

static int fd = -1;
static int open_flags = O_RDWR;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static int device(void)
{
	if (fd < 0)
		fd = open("/dev/milspec", open_flags | O_CLOEXEC);
	return fd;
}

/* Makes the call; returns 0 or an errno. */
static int ask(unsigned int number, void *arg)
{
	return device() >= 0 && ioctl(fd, number, arg) == 0 ? 0 : errno;
}

static void put_file(const char *path, const char *text)
{
	int to = open(path, O_WRONLY);

	if (to < 0 || write(to, text, strlen(text)) < 0)
		die(path);
	close(to);
}

/* Becomes root in a user namespace of its own, where it has every capability, and here none. */
static void enter_userns(void)
{
	if (unshare(CLONE_NEWUSER))
		die("unshare");
	put_file("/proc/self/uid_map", "0 0 1\n");
	put_file("/proc/self/setgroups", "deny");
	put_file("/proc/self/gid_map", "0 0 1\n");
}

static void note(int number)
{
	(void)number;
}

/* Lives on after a signal, to tell how its call ended. */
static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = note };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* Takes "set=ID:VALUE". */
static void target(struct request *r, const char *text)
{
	char *end;
	struct milspec_target *t = &r->targets[r->apply.target_count++];

	t->control = strtoul(text, &end, 0);
	t->value = *end == ':' ? strtoul(end + 1, NULL, 0) : MILSPEC_TARGET_LEAVE;
	r->apply.targets = (uintptr_t)r->targets;
	r->apply.target_stride = sizeof(*t);
}

/* Takes one word of a request. */
static void word(struct request *r, const char *text)
{
	const char *value = strchr(text, '=');
	unsigned long number = value ? strtoul(value + 1, NULL, 0) : 0;

#define IS(name) (!strncmp(text, name, strlen(name)))
	if (IS("mode="))
		r->apply.mode = number;
	else if (IS("set="))
		target(r, value + 1);
	else if (IS("key="))
		r->apply.security_key = number;
	else if (IS("generation="))
		r->apply.generation = number;
	else if (IS("room="))
		r->apply.step_capacity = number;
	else if (IS("lines"))
		r->apply.options |= MILSPEC_APPLY_LINES;
	else if (IS("lose"))
		r->loses = 1;
	else if (IS("machine"))
		r->apply.options |= MILSPEC_APPLY_MACHINE;
	else if (IS("training"))
		r->apply.options |= MILSPEC_APPLY_TRAINING;
	else if (IS("op="))
		r->training.operation = number;
	else if (IS("session="))
		r->training.session = number;
	else if (IS("inject="))
		r->training.injection = number;
	else if (IS("control="))
		r->training.control = number;
	else if (IS("value="))
		r->training.value = number;
	else if (IS("after="))
		r->training.after = number;
	else if (IS("count="))
		r->training.count = number;
	else if (IS("number="))
		r->training.number = number;
	else if (IS("devices="))
		r->devices = value + 1;
	else if (IS("tokens="))
		r->tokens = value + 1;
	else if (IS("confirm"))
		r->apply.options |= MILSPEC_APPLY_CONFIRM_LATCH;
	else if (r->plain_count < 8)
		r->plain[r->plain_count++] = strtoul(text, NULL, 0);
#undef IS
}

/* Takes the memory for the steps away while a call is under way. */
static void *lose(void *steps)
{
	usleep(700000);
	if (munmap(steps, sizeof(((struct request *)0)->steps)))
		die("munmap");
	return NULL;
}

/* Plans or applies, and prints the answer. */
static void change(const char *name, unsigned int number, struct request *r)
{
	struct milspec_apply *a = &r->apply;
	int result;

	a->steps = (uintptr_t)r->steps;
	if (r->loses) {
		void *steps = mmap(NULL, sizeof(r->steps), PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		pthread_t thread;

		if (steps == MAP_FAILED || pthread_create(&thread, NULL, lose, steps))
			die("lose");
		a->steps = (uintptr_t)steps;
		result = ask(number, a);
		pthread_join(thread, NULL);
	} else {
		result = ask(number, a);
	}
	printf("%s result=%d outcome=%u reason=%u control=%u needs=%u error=%u calls=%u "
	       "generation=%llu key=%u lines=%u present=%u reached=%u count=%u "
	       "request=%llu training=%u\n",
	       name, result, a->outcome, a->reason, a->control, a->needs, a->error,
	       a->firmware_calls, (unsigned long long)a->generation, a->security_key, a->mode_lines,
	       a->mode_present, a->mode_reached, a->step_count, (unsigned long long)a->request, a->properties);
	if (a->outcome == MILSPEC_OUTCOME_NONE)
		return;
	for (uint32_t i = 0; i < a->step_count && i < a->step_capacity; i++) {
		const struct milspec_step *s = &r->steps[i];

		printf("step control=%u from=%u to=%u now=%u state=%u error=%u\n", s->control,
		       s->from, s->to, s->now, s->state, s->error);
	}
}

static void status(void)
{
	struct milspec_status s = { .head = { .size = sizeof(s) } };
	int result = ask(MILSPEC_IOC_STATUS, &s);

	printf("status result=%d generation=%llu mode=%u standing=%u deviations=%u drifted=%u "
	       "degraded=%u tampered=%u properties=%u calls=%llu step=%u steps=%u lines=%u "
	       "present=%u reached=%u unreached=%u next=%llu overwritten=%llu last_request=%llu "
	       "last_sequence=%llu last_outcome=%u last_reason=%u last_mode=%u last_control=%u "
	       "last_needs=%u last_error=%u last_pid=%u pid=%d\n",
	       result, (unsigned long long)s.generation, s.mode, s.standing, s.deviations, s.drifted,
	       s.degraded, s.tampered, s.properties,
	       (unsigned long long)(s.platform.firmware_calls + s.dsmil.firmware_calls),
	       s.apply_step, s.apply_steps, s.mode_lines, s.mode_present, s.mode_reached,
	       s.mode_unreached, (unsigned long long)s.journal_next,
	       (unsigned long long)s.journal_overwritten,
	       (unsigned long long)s.last_request, (unsigned long long)s.last_sequence,
	       s.last_outcome, s.last_reason, s.last_mode, s.last_control, s.last_needs,
	       s.last_error, s.last_pid, getpid());
}

static void refresh(void)
{
	struct milspec_refresh q = { .head = { .size = sizeof(q) } };
	int result = ask(MILSPEC_IOC_REFRESH, &q);

	printf("refresh result=%d generation=%llu changed=%u calls=%u training=%u\n", result,
	       (unsigned long long)q.generation, q.changed, q.firmware_calls, q.properties);
}

static int fetch(struct milspec_control *array, struct milspec_controls *q)
{
	*q = (struct milspec_controls){
		.head = { .size = sizeof(*q) },
		.buffer = (uintptr_t)array,
		.capacity = MAX_CONTROLS,
		.stride = sizeof(*array),
	};
	return ask(MILSPEC_IOC_CONTROLS, q);
}

static void controls(void)
{
	static struct milspec_control array[MAX_CONTROLS];
	struct milspec_controls q;
	int result = fetch(array, &q);

	printf("controls result=%d generation=%llu count=%u training=%u\n", result,
	       (unsigned long long)q.generation, q.count, q.properties);
	for (uint32_t i = 0; !result && i < q.count; i++) {
		const struct milspec_control *c = &array[i];

		printf("control name=%.32s id=%u class=%u access=%u reading=%u current=%u "
		       "properties=%u baseline=%u written=%u wanted=%u unreached=%u needs=%u values=",
		       c->name, c->id, c->control_class, c->access, c->reading, c->current,
		       c->properties, c->baseline, c->written, c->wanted, c->unreached_reason,
		       c->unreached_needs);
		for (int v = 0; v < c->value_count; v++)
			printf("%s%.16s", v ? ";" : "", c->values[v].name);
		printf(" classes=");
		for (int v = 0; v < c->value_count; v++)
			printf("%s%u", v ? ";" : "", c->values[v].value_class);
		printf(" gates=");
		for (int v = 0; v < c->value_count; v++)
			printf("%s%u", v ? ";" : "", c->values[v].gate);
		printf("\n");
	}
}

/* All records that there are, each batch after a poll has said so. */
static void events(void)
{
	static struct milspec_event batch[16];
	struct pollfd p = { .fd = device(), .events = POLLIN };
	uint64_t count = 0, last = 0;

	while (poll(&p, 1, 0) == 1 && p.revents == POLLIN) {
		ssize_t size = read(fd, batch, sizeof(batch));

		if (size <= 0)
			die("read");
		count += size / sizeof(*batch);
		last = batch[size / sizeof(*batch) - 1].sequence;
	}
	printf("events count=%llu last=%llu\n", (unsigned long long)count,
	       (unsigned long long)last);
}

/* Each record that there is. */
static void records(void)
{
	static struct milspec_event batch[16];
	struct pollfd p = { .fd = device(), .events = POLLIN };

	while (poll(&p, 1, 0) == 1 && p.revents == POLLIN) {
		ssize_t size = read(fd, batch, sizeof(batch));

		if (size <= 0)
			die("read");
		for (size_t i = 0; i < size / sizeof(*batch); i++) {
			const struct milspec_event *e = &batch[i];

			printf("record sequence=%llu kind=%u properties=%u control=%u from=%u to=%u "
			       "outcome=%u step=%u error=%u count=%u uid=%u generation=%llu "
			       "load=0x%02x%02x%02x%02x extra=0x%02x%02x%02x%02x\n",
			       (unsigned long long)e->sequence, e->kind, e->properties, e->control,
			       e->from, e->to, e->outcome, e->step, e->error, e->count, e->uid,
			       (unsigned long long)e->generation, e->load[0], e->load[1], e->load[2],
			       e->load[3], e->extra[0], e->extra[1], e->extra[2], e->extra[3]);
		}
	}
}

/* Waits for a record. */
static void await(void)
{
	struct pollfd p = { .fd = device(), .events = POLLIN };
	int count = poll(&p, 1, 20000);

	printf("await result=%d\n", count);
}

/* Whether epoll, which is told and does not ask, hears of what a move has made readable. */
static void hear(const struct request *r)
{
	struct epoll_event e = { .events = EPOLLIN };
	int set = epoll_create1(EPOLL_CLOEXEC), before, after;

	if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, device(), &e) != 0)
		die("epoll");
	before = epoll_wait(set, &e, 1, 0);
	if (lseek(fd, r->plain[0], r->plain[1]) < 0)
		die("lseek");
	after = epoll_wait(set, &e, 1, 5000);
	close(set);
	printf("hear before=%d after=%d\n", before, after);
}

static void seek(const struct request *r)
{
	off_t place = lseek(device(), r->plain[0], r->plain[1]);

	printf("seek result=%d place=%lld\n", place < 0 ? errno : 0, (long long)place);
}

/* A whole file. */
static void *contents(const char *path, size_t *size)
{
	static unsigned char room[2][65536];
	static int used;
	int from = open(path, O_RDONLY);
	ssize_t got = from < 0 ? -1 : read(from, room[used & 1], sizeof(room[0]));

	if (got < 0)
		die(path);
	close(from);
	*size = got;
	return room[used++ & 1];
}

/* Begins or ends a training, or has the copy do something. */
static void training(struct request *r)
{
	struct milspec_training *t = &r->training;
	size_t size;
	int result;

	t->head.size = sizeof(*t);
	if (r->devices) {
		t->devices = (uintptr_t)contents(r->devices, &size);
		t->device_count = size / MILSPEC_TRAINING_DEVICE_SIZE;
		t->device_stride = MILSPEC_TRAINING_DEVICE_SIZE;
	}
	if (r->tokens) {
		t->tokens = (uintptr_t)contents(r->tokens, &size);
		t->token_bytes = size;
	}
	if (r->apply.target_count) {
		t->targets = r->apply.targets;
		t->target_count = r->apply.target_count;
		t->target_stride = r->apply.target_stride;
	}
	result = ask(MILSPEC_IOC_TRAINING, t);
	printf("training result=%d properties=%u session=%u generation=%llu "
	       "load=0x%02x%02x%02x%02x\n",
	       result, t->properties, t->session, (unsigned long long)t->generation, t->load[0],
	       t->load[1], t->load[2], t->load[3]);
}

/* What mainline's driver reads at each location. */
static void mainline(int count, char **locations)
{
	union {
		struct dell_wmi_smbios_buffer buffer;
		unsigned char room[65536];
	} u;
	uint64_t length = 0;
	int smbios = open("/dev/wmi/dell-smbios", O_RDONLY);

	if (smbios < 0 || read(smbios, &length, sizeof(length)) != sizeof(length) ||
	    length > sizeof(u))
		die("/dev/wmi/dell-smbios");
	for (int i = 0; i < count; i++) {
		memset(&u, 0, sizeof(u));
		u.buffer.length = length;
		u.buffer.std.input[0] = strtoul(locations[i], NULL, 0);
		u.buffer.std.output[0] = ~2u;
		int result = ioctl(smbios, DELL_WMI_SMBIOS_CMD, &u) ? errno : 0;

		printf("mainline location=%lu result=%d status=%u value=%u\n",
		       strtoul(locations[i], NULL, 0), result, u.buffer.std.output[0],
		       u.buffer.std.output[1]);
	}
	close(smbios);
}

/*
 * The crowd: readers, appliers of two modes and one that refreshes, all at once on one device.
 */
static volatile int stop;
static unsigned long reads, applied, undone, refreshed, stale;
static volatile int bad;

static void *reader(void *unused)
{
	struct milspec_control *array = calloc(MAX_CONTROLS, sizeof(*array));

	(void)unused;
	while (!stop && array) {
		struct milspec_status s = { .head = { .size = sizeof(s) } };
		struct milspec_controls q;
		uint64_t seen = 0;
		int one = open("/dev/milspec", O_RDONLY | O_CLOEXEC);

		if (one < 0 || ioctl(one, MILSPEC_IOC_STATUS, &s) || fetch(array, &q) ||
		    q.generation < s.generation || q.count > MAX_CONTROLS)
			bad = 1;
		seen = q.generation;
		for (uint32_t i = 0; !bad && i < q.count; i++)
			if (!array[i].name[0] || array[i].changed > seen)
				bad = 2;
		if (one >= 0)
			close(one);
		__sync_fetch_and_add(&reads, 1);
		usleep(20000);
	}
	free(array);
	return NULL;
}

static void *applier(void *mode)
{
	struct request *r = calloc(1, sizeof(*r));

	for (int turn = 0; r && !stop; turn++) {
		int result;

		memset(r, 0, sizeof(*r));
		r->apply.head.size = sizeof(r->apply);
		r->apply.step_capacity = MILSPEC_STEPS_MAX;
		r->apply.step_stride = sizeof(r->steps[0]);
		r->apply.steps = (uintptr_t)r->steps;
		r->apply.mode = (uintptr_t)mode;
		result = ask(MILSPEC_IOC_APPLY, &r->apply);
		if (result == 0)
			__sync_fetch_and_add(&applied, 1);
		else if (result == ECANCELED || result == EIO)
			__sync_fetch_and_add(&undone, 1);
		else if (result == EACCES || result == EAGAIN)
			__sync_fetch_and_add(&stale, 1);
		else
			bad = 3;
		usleep(1000);
	}
	free(r);
	return NULL;
}

static void *refresher(void *unused)
{
	(void)unused;
	while (!stop) {
		struct milspec_refresh q = { .head = { .size = sizeof(q) } };

		if (ask(MILSPEC_IOC_REFRESH, &q))
			bad = 4;
		__sync_fetch_and_add(&refreshed, 1);
		usleep(50000);
	}
	return NULL;
}

static void crowd(const struct request *r)
{
	unsigned long seconds = r->plain[0], readers = r->plain[1];
	pthread_t threads[64];
	size_t count = 0;

	device();
	for (; count < readers && count < 32; count++)
		pthread_create(&threads[count], NULL, reader, NULL);
	for (int i = 2; i < r->plain_count; i++)
		pthread_create(&threads[count++], NULL, applier, (void *)r->plain[i]);
	pthread_create(&threads[count++], NULL, refresher, NULL);
	sleep(seconds);
	/* How much that is, is the host's speed: a slow one gets more time, up to a limit. */
	for (int more = 0; more < 120 && !bad; more++) {
		if (reads >= 32 * readers && applied >= 3 && refreshed >= 2)
			break;
		sleep(1);
	}
	stop = 1;
	while (count)
		pthread_join(threads[--count], NULL);
	printf("crowd bad=%d reads=%lu applied=%lu undone=%lu refused=%lu refreshed=%lu\n", bad,
	       reads, applied, undone, stale, refreshed);
}

int main(int argc, char **argv)
{
	static struct request r;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int at = 1; at < argc; at++) {
		const char *verb = argv[at];
		int first = at + 1;

		memset(&r, 0, sizeof(r));
		r.apply.head.size = sizeof(r.apply);
		r.apply.step_capacity = MILSPEC_STEPS_MAX;
		r.apply.step_stride = sizeof(r.steps[0]);
		while (++at < argc && strcmp(argv[at], "--"))
			word(&r, argv[at]);
		if (!strcmp(verb, "plan"))
			change(verb, MILSPEC_IOC_PLAN, &r);
		else if (!strcmp(verb, "apply"))
			change(verb, MILSPEC_IOC_APPLY, &r);
		else if (!strcmp(verb, "status"))
			status();
		else if (!strcmp(verb, "refresh"))
			refresh();
		else if (!strcmp(verb, "controls"))
			controls();
		else if (!strcmp(verb, "events"))
			events();
		else if (!strcmp(verb, "records"))
			records();
		else if (!strcmp(verb, "await"))
			await();
		else if (!strcmp(verb, "halt"))
			raise(SIGSTOP);
		else if (!strcmp(verb, "hear"))
			hear(&r);
		else if (!strcmp(verb, "seek"))
			seek(&r);
		else if (!strcmp(verb, "train"))
			training(&r);
		else if (!strcmp(verb, "mainline"))
			mainline(at - first, argv + first);
		else if (!strcmp(verb, "crowd"))
			crowd(&r);
		else if (!strcmp(verb, "open"))
			printf("open result=%d\n", device() < 0 ? errno : 0);
		else if (!strcmp(verb, "read-only"))
			open_flags = O_RDONLY;
		else if (!strcmp(verb, "userns"))
			enter_userns();
		else if (!strcmp(verb, "catch"))
			catch_signals();
		else if (!strcmp(verb, "user") && !(setgid(r.plain[0]) || setuid(r.plain[0])))
			continue;
		else
			return 2;
	}
	return 0;
}
