// SPDX-License-Identifier: GPL-2.0
/*
 * Writes to a file while its task has io_uring's work to do all the time: a timer of io_uring fires
 * again and again, and asks the task for a look each time, as if by a signal that is none.
 *
 *   uring FILE TEXT
 *
 * Prints the errno of the write, and how often the timer has fired.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>

static void die(const char *what)
{
	perror(what);
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct __kernel_timespec period = { .tv_nsec = 10 * 1000 * 1000 };
	struct io_uring_params params = { 0 };
	struct io_uring_sqe *sqes;
	char *sq, *cq;
	int ring, file, error;

	if (argc != 3)
		return 2;
	ring = syscall(__NR_io_uring_setup, 1, &params);
	if (ring < 0)
		die("io_uring_setup");
	sq = mmap(NULL, params.sq_off.array + params.sq_entries * sizeof(uint32_t),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	cq = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	sqes = mmap(NULL, params.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE, MAP_SHARED,
		    ring, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqes == MAP_FAILED)
		die("mmap");
	sqes[0] = (struct io_uring_sqe){
		.opcode = IORING_OP_TIMEOUT,
		.fd = -1,
		.addr = (uintptr_t)&period,
		.len = 1,
		.timeout_flags = IORING_TIMEOUT_MULTISHOT,
	};
	*(uint32_t *)(sq + params.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(sq + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, ring, 1, 0, 0, NULL, 0) != 1)
		die("io_uring_enter");

	file = open(argv[1], O_WRONLY);
	if (file < 0)
		die(argv[1]);
	error = write(file, argv[2], strlen(argv[2])) < 0 ? errno : 0;
	printf("error=%d fired=%u\n", error,
	       __atomic_load_n((uint32_t *)(cq + params.cq_off.tail), __ATOMIC_ACQUIRE));
	return 0;
}
