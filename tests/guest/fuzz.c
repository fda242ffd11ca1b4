// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of /dev/milspec and of its files in sysfs at random, made of the description of the interface
 * that is generated from its source. Built for 64 and for 32 bits and run in the guest as root:
 *
 *   fuzz SEED CALLS THREADS DEEP
 *
 * Each thread makes CALLS / THREADS calls. What a call is depends on the seed, the thread and its
 * number, and on nothing else; what becomes of it, on the others as well. The first ones and one in
 * DEEP do what takes long: they read firmware, apply, train, or wait for a record.
 *
 * Beside the threads: one that changes the memory of requests, one whose signals interrupt them, one
 * that has pages come late (userfaultfd), and a process without a right that is passed descriptors.
 *
 * Prints a line for each broken promise, exit status 1 with one; then how often each call has ended
 * how, how often each kind of memory was used, of how many not all was seen that they reached
 * (fuzz_cover.h), and "seed S calls N".
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <signal.h>
#include <sys/wait.h>

#include "fuzz.h"
#include "fuzz_memory.h"
#include "fuzz_answer.h"
#include "fuzz_make.h"
#include "fuzz_request.h"
#include "fuzz_calls.h"
#include "fuzz_ring.h"
#include "fuzz_stranger.h"
#include "fuzz_cover.h"

static struct worker *workers[THREADS_MOST + 1];
static pthread_t threads[THREADS_MOST];
static uint32_t thread_count;
static unsigned long long last_call;
static uint32_t deep_in;
static pid_t stranger_process;

static void unknown_some(void)
{
	unsigned int number = MILSPEC_IOC_INFO ^ (one_in(2) ? 1u << below(32) : below(256));

	for (size_t i = 0; i < FUZZ_COUNT(fuzz_requests); i++)
		if (fuzz_requests[i].number == number)
			return;
	ended(UNKNOWN, ioctl(self->rw, number, self->own) ? errno : 0, of(ENOTTY));
}

static int train(uint32_t operation)
{
	struct milspec_training q = { .head.size = sizeof(q), .operation = operation };
	const struct fuzz_request *r = request_of(MILSPEC_IOC_TRAINING);
	int error = ioctl(self->rw, MILSPEC_IOC_TRAINING, &q) ? errno : 0;

	count(r - fuzz_requests, error);
	if (!(of(error) & (all_of(r->errors, r->error_count) | of(0))))
		broken("TRAINING: %s is not documented", error_name(error));
	return error;
}

#define DEEPS 8

/* What takes long: firmware is read, or written to, a record is waited for, or a training is used. */
static void deep_some(uint32_t kind)
{
	switch (kind) {
	case 0:
		request(request_of(MILSPEC_IOC_REFRESH), 1);
		break;
	case 1:
		read_some(1);
		break;
	case 2:
	case 3:
		request(request_of(MILSPEC_IOC_APPLY), 1);
		break;
	case 4:
		mode_some(1);
		break;
	default:
		train(MILSPEC_TRAINING_START);
		for (uint32_t n = 16 + below(64); n && !shared->stop; n--)
			request(request_of(one_in(4) ? MILSPEC_IOC_TRAINING : MILSPEC_IOC_APPLY), 0);
		train(MILSPEC_TRAINING_STOP);
	}
}

static void call(void)
{
	uint32_t kind = below(256);

	if (self->call < DEEPS)
		deep_some(self->call);
	else if (one_in(deep_in))
		deep_some(below(DEEPS));
	else if (kind < 40)
		request(request_of(MILSPEC_IOC_STATUS), 0);
	else if (kind < 56)
		request(request_of(MILSPEC_IOC_INFO), 0);
	else if (kind < 80)
		request(request_of(MILSPEC_IOC_CONTROLS), 0);
	else if (kind < 112)
		request(request_of(MILSPEC_IOC_PLAN), 0);
	else if (kind < 144)
		request(request_of(MILSPEC_IOC_APPLY), 0);
	else if (kind < 160)
		request(request_of(MILSPEC_IOC_TRAINING), 0);
	else if (kind < 168)
		request(request_of(MILSPEC_IOC_REFRESH), 0);
	else if (kind < 176)
		unknown_some();
	else if (kind < 208)
		read_some(0);
	else if (kind < 220)
		poll_some();
	else if (kind < 232)
		seek_some();
	else if (kind < 236)
		map_some();
	else if (kind < 240)
		open_some();
	else if (kind < 246)
		pass_some();
	else if (kind < 250)
		sysfs_some();
	else if (kind < 251)
		mode_some(0);
	else
		ring_some();
}

static void *work(void *worker)
{
	self = worker;
	self->thread = gettid();
	open_ring();
	begin_cover();
	for (unsigned long long n = 0; n < last_call && !shared->stop; n++) {
		begin(n);
		call();
		take_cover();
	}
	return NULL;
}

static void nothing(int number)
{
	(void)number;
}

/* Interrupts the threads in turn, soon and late. */
static void *interrupt(void *unused)
{
	for (uint32_t turn = 0; !shared->over; turn++) {
		usleep(1000u << turn % 10);
		if (workers[turn / 10 % thread_count]->thread)
			tgkill(getpid(), workers[turn / 10 % thread_count]->thread, SIGUSR1);
	}
	return unused;
}

static void find_controls(void)
{
	static struct milspec_control all[FUZZ_COUNT(controls)];
	struct milspec_controls q = {
		.head.size = sizeof(q), .buffer = (uintptr_t)all, .capacity = FUZZ_COUNT(all),
		.stride = sizeof(all[0]),
	};

	if (ioctl(workers[0]->ro, MILSPEC_IOC_CONTROLS, &q))
		die("CONTROLS");
	for (control_count = 0; control_count < q.count; control_count++) {
		controls[control_count].id = all[control_count].id;
		controls[control_count].values = all[control_count].value_count;
	}
}

/* A worker for each thread. Each sends descriptors to the next one; the last to the stranger, who
 * sends none. */
static void hire(void)
{
	int all[THREADS_MOST + 1][2];

	for (uint32_t i = 0; i <= thread_count; i++)
		if (socketpair(AF_UNIX, SOCK_DGRAM, 0, all[i]))
			die("socketpair");
	stranger_process = fork();
	if (stranger_process < 0)
		die("fork");
	if (stranger_process == 0)
		stranger(all[thread_count][0], all[thread_count][1]);
	for (uint32_t i = 0; i < thread_count; i++) {
		struct worker *w = workers[i] = self = calloc(1, sizeof(*w));

		w->number = i;
		w->next = w->practice_next = 1;
		w->rw = open(DEVICE, O_RDWR | O_CLOEXEC);
		w->ro = open(DEVICE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		w->nonblocking = open(DEVICE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (w->rw < 0 || w->ro < 0 || w->nonblocking < 0)
			die(DEVICE);
		w->inbox = all[i][0];
		w->outbox = all[i + 1][1];
		w->hot = pages(2 * PAGE);
		get_memory();
	}
}

static void report(void)
{
	unsigned long long sum = 0;

	for (int kind = 0; kind < KINDS; kind++)
		for (int error = 0; error < ERRORS; error++) {
			unsigned long long n = shared->counts[kind][error];
			const char *name = kind < UNKNOWN ? fuzz_requests[kind].name :
							    kind_names[kind - UNKNOWN];

			for (uint32_t i = 0; i < thread_count; i++)
				n += workers[i]->counts[kind][error];
			if (n)
				printf("%s %s %llu\n", name, error_name(error), n);
			sum += n;
		}
	for (int kind = 0; kind < TRICKS; kind++)
		if (shared->tricks[kind])
			printf("%s %llu\n", trick_names[kind], shared->tricks[kind]);
	printf("seed %llu calls %llu\n", seed, sum);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = nothing };
	pthread_t helpers[3];
	int helper_count = 2, status = 0;

	if (argc != 5)
		return 2;
	seed = strtoull(argv[1], NULL, 0);
	thread_count = strtoul(argv[3], NULL, 0);
	deep_in = strtoul(argv[4], NULL, 0);
	if (!thread_count || thread_count > THREADS_MOST || !deep_in)
		return 2;
	last_call = strtoull(argv[2], NULL, 0) / thread_count;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	/* The stranger's lines, and ours, come whole. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	read_errors = all_of(fuzz_read_errors, FUZZ_COUNT(fuzz_read_errors)) | of(0);
	find_files();
	find_cover();
	hire();
	find_controls();
	open_faults();
	sigaction(SIGUSR1, &action, NULL);
	for (uint32_t i = 0; i < thread_count; i++)
		if (pthread_create(&threads[i], NULL, work, workers[i]))
			die("pthread_create");
	pthread_create(&helpers[0], NULL, change, workers);
	pthread_create(&helpers[1], NULL, interrupt, NULL);
	if (faults >= 0)
		pthread_create(&helpers[helper_count++], NULL, come_late, NULL);
	for (uint32_t i = 0; i < thread_count; i++) {
		void *result;

		pthread_join(threads[i], &result);
	}
	shared->over = 1;
	/* A training that a signal has kept from its end. */
	self = workers[0];
	while (train(MILSPEC_TRAINING_STOP) == 0)
		;
	request(request_of(MILSPEC_IOC_REFRESH), 1);
	for (int i = 0; i < helper_count; i++)
		pthread_join(helpers[i], NULL);
	if (waitpid(stranger_process, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		broken("the process without a right has ended with status %d", status);
	report_cover();
	report();
	return shared->broken != 0;
}
