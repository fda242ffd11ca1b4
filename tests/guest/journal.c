// SPDX-License-Identifier: GPL-2.0
/*
 * The rules by which the journal is read, built for 64 and for 32 bits and run in the guest as
 * root: one line for each, exit status 1 when one is broken. With "crowd": 8 readers and 2 writers
 * at full speed.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal.h"

static int broken;

static void check(int ok, const char *what)
{
	printf("%s %s\n", ok ? "ok" : "BROKEN", what);
	fflush(stdout);
	broken += !ok;
}

static int readable(int fd, int timeout)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout) == 1 && p.revents == POLLIN;
}

static void reading(void)
{
	struct milspec_event e[4], same;
	int fd = get(O_RDONLY | O_NONBLOCK), other = get(O_RDONLY | O_NONBLOCK);
	long page = sysconf(_SC_PAGESIZE);
	unsigned char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(read(fd, e, 0) < 0 && errno == EINVAL, "read 0 bytes: EINVAL");
	check(read(fd, e, SIZE - 1) < 0 && errno == EINVAL, "one byte short: EINVAL");
	check(readable(fd, 0), "there is something to read");
	check(read(fd, e, SIZE) == SIZE && e[0].sequence == 1, "it starts with record 1");
	check(e[0].kind == MILSPEC_KIND_LOAD, "which is of the load");
	same = e[0];
	check(read(fd, (void *)-4096ul, SIZE) < 0 && errno == EFAULT, "into the kernel: EFAULT");
	check(lseek(fd, 0, SEEK_CUR) == 2, "which moves nothing");
	check(read(fd, e, SIZE + 100) == SIZE && e[0].sequence == 2, "whole records only");
	check(read(other, e, sizeof(e)) == 4 * SIZE && !memcmp(e, &same, SIZE),
	      "another descriptor starts with record 1, and gets 4 at once");
	check(pread(fd, e, SIZE, 0) < 0 && errno == ESPIPE, "pread: ESPIPE");
	munmap(two + page, page);
	check(lseek(fd, 1, SEEK_SET) == 1 &&
	      read(fd, two + page - SIZE - 8, 4 * SIZE) == SIZE && lseek(fd, 0, SEEK_CUR) == 2,
	      "into a page that ends: the records that fit, and no more are taken");
	while (read(fd, e, sizeof(e)) > 0)
		;
	check(errno == EAGAIN, "at the end: EAGAIN");
	check(!readable(fd, 0), "and nothing to read");
	close(fd);
	close(other);
}

static void seeking(void)
{
	struct milspec_event e;
	int fd = get(O_RDONLY | O_NONBLOCK);
	long end = next();

	check(lseek(fd, 0, SEEK_CUR) == 1, "it stands before record 1");
	check(lseek(fd, 3, SEEK_SET) == 3 && read(fd, &e, SIZE) == SIZE && e.sequence == 3,
	      "SEEK_SET to a record");
	check(lseek(fd, 0, SEEK_SET) == 1, "SEEK_SET 0: before the first");
	check(lseek(fd, 0, SEEK_END) == end && !readable(fd, 0), "SEEK_END: behind the last");
	check(lseek(fd, -1, SEEK_END) == end - 1 && read(fd, &e, SIZE) == SIZE &&
	      e.sequence == (uint64_t)end - 1, "SEEK_END -1: the last");
	check(lseek(fd, end + 1, SEEK_SET) < 0 && errno == EINVAL, "beyond the end: EINVAL");
	check(lseek(fd, -1, SEEK_SET) < 0 && errno == EINVAL, "before the start: EINVAL");
	check(lseek(fd, INT64_MIN, SEEK_CUR) < 0 && lseek(fd, INT64_MAX, SEEK_END) < 0 &&
	      errno == EINVAL, "far off: EINVAL");
	check(lseek(fd, 0, SEEK_DATA) < 0 && errno == EINVAL, "SEEK_DATA: EINVAL");
	check(lseek(fd, 0, SEEK_CUR) == end, "what fails moves nothing");
	close(fd);
}

/* Passes a descriptor to another process, which reads one record and ends. */
static uint64_t pass(int fd)
{
	char room[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	struct milspec_event e = { 0 };
	int pair[2], result[2];
	uint64_t sequence = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe(result))
		return 0;
	if (fork() == 0) {
		close(fd);
		if (recvmsg(pair[1], &m, 0) != 1)
			_exit(1);
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		if (read(fd, &e, SIZE) != SIZE)
			_exit(1);
		_exit(write(result[1], &e.sequence, 8) != 8);
	}
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(pair[0], &m, 0) != 1 || read(result[0], &sequence, 8) != 8)
		sequence = 0;
	wait(NULL);
	return sequence;
}

static void sharing(void)
{
	struct milspec_event e;
	int fd = get(O_RDONLY | O_NONBLOCK), again = dup(fd);

	check(read(fd, &e, SIZE) == SIZE && read(again, &e, SIZE) == SIZE && e.sequence == 2,
	      "a duplicate goes on");
	check(pass(fd) == 3, "who is given the descriptor goes on");
	check(read(fd, &e, SIZE) == SIZE && e.sequence == 4, "and who gave it, after that");
	close(fd);
	check(read(again, &e, SIZE) == SIZE && e.sequence == 5, "the duplicate outlives it");
	close(again);
}

static void nothing(int number)
{
	(void)number;
}

/* Runs `wait_for` in a child, causes a record once it sleeps, and tells whether it came back. */
static int wakes(int (*wait_for)(int fd))
{
	int fd = get(O_RDWR), status = -1;
	pid_t child;

	lseek(fd, 0, SEEK_END);
	child = fork();
	if (child == 0)
		_exit(!wait_for(fd));
	usleep(200000);
	if (waitpid(child, &status, WNOHANG) != 0 || !stale(fd))
		return 0;
	for (int i = 0; i < 100 && waitpid(child, &status, WNOHANG) == 0; i++)
		usleep(50000);
	kill(child, SIGKILL);
	close(fd);
	return status == 0;
}

static int by_read(int fd)
{
	struct milspec_event e;

	return read(fd, &e, SIZE) == SIZE && e.error == EAGAIN;
}

static int by_poll(int fd)
{
	return readable(fd, 10000) && by_read(fd) && !readable(fd, 0);
}

static int by_epoll(int fd)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	int set = epoll_create1(0);

	return !epoll_ctl(set, EPOLL_CTL_ADD, fd, &e) && epoll_wait(set, &e, 1, 10000) == 1 &&
	       by_read(fd);
}

static void waiting(void)
{
	struct sigaction action = { .sa_handler = nothing };
	struct milspec_event e;
	int fd = get(O_RDWR);
	pid_t child;

	check(wakes(by_read), "a record wakes read");
	check(wakes(by_poll), "a record wakes poll");
	check(wakes(by_epoll), "a record wakes epoll");
	lseek(fd, 0, SEEK_END);
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	check(read(fd, &e, SIZE) < 0 && errno == EINTR, "a signal ends a read that waits");
	child = fork();
	if (child == 0)
		_exit(read(fd, &e, SIZE) != SIZE);
	usleep(200000);
	kill(child, SIGKILL);
	check(waitpid(child, NULL, 0) == child, "a reader that waits can be killed");
	check(stale(fd) && read(fd, &e, SIZE) == SIZE && e.error == EAGAIN,
	      "and leaves the record to who has the descriptor");
	close(fd);
}

/* A reader with memory that does not come. */
struct slow {
	int fd, ended;
	void *memory;
	ssize_t size;
};

static void *slow_reader(void *arg)
{
	struct slow *slow = arg;

	slow->size = read(slow->fd, slow->memory, SIZE);
	__atomic_store_n(&slow->ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Changes something of the machine, and tells whether that was done in time. */
static int changes(int mode)
{
	struct milspec_apply q = { .head = { .size = sizeof(q) }, .mode = mode };
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(ioctl(get(O_RDWR), MILSPEC_IOC_APPLY, &q) || q.step_count == 0);
	for (int i = 0; i < 400 && waitpid(child, &status, WNOHANG) == 0; i++)
		usleep(50000);
	kill(child, SIGKILL);
	return status == 0;
}

static void slowly(void)
{
	long page = sysconf(_SC_PAGESIZE);
	struct slow slow = {
		.fd = get(O_RDONLY),
		.memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	};
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register late = {
		.range = { .start = (uintptr_t)slow.memory, .len = page },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int never = get(O_RDONLY), faults = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct uffd_msg message;
	struct milspec_event *e = slow.memory, last;
	long before = next();
	pthread_t thread;

	check(faults >= 0 && !ioctl(faults, UFFDIO_API, &api) &&
	      !ioctl(faults, UFFDIO_REGISTER, &late), "there is memory that does not come");
	pthread_create(&thread, NULL, slow_reader, &slow);
	check(readable(faults, 10000) && read(faults, &message, sizeof(message)) == sizeof(message) &&
	      message.event == UFFD_EVENT_PAGEFAULT, "a read waits for it");
	check(changes(MILSPEC_MODE_ENHANCED) && changes(MILSPEC_MODE_BASELINE),
	      "changes are made meanwhile");
	check(next() > before + 10 && lseek(never, -1, SEEK_END) == next() - 1 &&
	      read(never, &last, SIZE) == SIZE && last.kind == MILSPEC_KIND_APPLY_ENDED,
	      "and their records can be read");
	check(!__atomic_load_n(&slow.ended, __ATOMIC_ACQUIRE), "while the reader still waits");
	ioctl(faults, UFFDIO_UNREGISTER, &late.range);
	ioctl(faults, UFFDIO_WAKE, &late.range);
	pthread_join(thread, NULL);
	check(slow.size == SIZE && e->sequence == 1, "which then has what it came for");
	close(faults);
	close(never);
	close(slow.fd);
	munmap(slow.memory, page);
}

static volatile uint64_t target;

/* Reads until `target`. Every record comes once, in order, or is said to be lost. */
static void *reader(void *pause)
{
	static __thread struct milspec_event batch[64];
	int fd = get(O_RDONLY | O_NONBLOCK);
	uint64_t at = 0, lost = 0;

	while (!target || at < target) {
		ssize_t size = readable(fd, 100) ? read(fd, batch, sizeof(batch)) : 0;

		for (ssize_t i = 0; i < size / SIZE; i++) {
			uint32_t step = batch[i].kind == MILSPEC_KIND_GAP ? batch[i].count : 1;

			lost += batch[i].kind == MILSPEC_KIND_GAP ? step : 0;
			at += step;
			if (batch[i].sequence != at)
				return "out of order";
		}
		usleep((uintptr_t)pause);
	}
	printf("# %llu records lost, and said so\n", (unsigned long long)lost);
	close(fd);
	return at == target ? NULL : "beyond the end";
}

static void *writer(void *unused)
{
	int fd = get(O_RDWR);

	(void)unused;
	for (int i = 0; i < 3000; i++)
		if (!stale(fd))
			return "not stale";
	close(fd);
	return NULL;
}

static void crowd(void)
{
	/* Microseconds that they take between two reads: the slow ones are overtaken. */
	static const uintptr_t pauses[8] = { 0, 0, 0, 0, 1000, 10000, 300000, 1000000 };
	pthread_t readers[8], writers[2];
	long before = next();
	char *wrong = NULL, *result;

	for (size_t i = 0; i < 8; i++)
		pthread_create(&readers[i], NULL, reader, (void *)pauses[i]);
	for (size_t i = 0; i < 2; i++)
		pthread_create(&writers[i], NULL, writer, NULL);
	for (size_t i = 0; i < 2; i++) {
		pthread_join(writers[i], (void **)&result);
		wrong = result ? result : wrong;
	}
	check(next() == before + 6000, "each request of 2 writers is one record");
	target = next() - 1;
	for (size_t i = 0; i < 8; i++) {
		pthread_join(readers[i], (void **)&result);
		wrong = result ? result : wrong;
	}
	if (wrong)
		printf("# %s\n", wrong);
	check(!wrong, "8 readers see every record once and in order, or that it is lost");
}

int main(int argc, char **argv)
{
	int fd = get(O_RDWR);

	if (argc > 1 && !strcmp(argv[1], "crowd")) {
		crowd();
		return broken != 0;
	}
	for (int i = 0; i < 5; i++)
		check(stale(fd), "a request that is recorded");
	close(fd);
	reading();
	seeking();
	sharing();
	waiting();
	slowly();
	return broken != 0;
}
