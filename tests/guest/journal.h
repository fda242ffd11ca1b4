// SPDX-License-Identifier: GPL-2.0
/* What journal.c and cause.c share. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dell_milspec.h"

#define SIZE MILSPEC_EVENT_SIZE

static inline int get(int flags)
{
	int fd = open("/dev/milspec", flags | O_CLOEXEC);

	if (fd < 0) {
		perror("/dev/milspec");
		exit(1);
	}
	return fd;
}

/* A request that is recorded, and changes nothing. */
static inline int stale(int fd)
{
	struct milspec_apply q = {
		.head = { .size = sizeof(q) },
		.mode = MILSPEC_MODE_STANDARD,
		.generation = ~0ull,
	};

	return ioctl(fd, MILSPEC_IOC_APPLY, &q) && errno == EAGAIN;
}

static inline long next(void)
{
	int fd = get(O_RDONLY);
	long end = lseek(fd, 0, SEEK_END);

	close(fd);
	return end;
}
