// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for requests: the caller's own, that which another thread changes all the time, that which
 * comes late (userfaultfd), that which ends, and that which cannot be written.
 */
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/syscall.h>

#define PAGE 4096u

static int faults = -1; /* the userfaultfd, where there is one */

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* Memory that ends where it ends: nothing is behind it. */
static unsigned char *pages(size_t size)
{
	unsigned char *at = mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || mprotect(at + size, PAGE, PROT_NONE))
		die("mmap");
	return at;
}

/* Takes the pages of `late` away. */
static void disarm(void)
{
	struct uffdio_range area = { .start = (uintptr_t)self->late, .len = 4 * PAGE };

	if (faults >= 0 && ioctl(faults, UFFDIO_UNREGISTER, &area))
		die("UFFDIO_UNREGISTER");
	madvise(self->late, 4 * PAGE, MADV_DONTNEED);
}

/* Has those that are not there come late. */
static void arm(void)
{
	struct uffdio_register area = {
		.range = { .start = (uintptr_t)self->late, .len = 4 * PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (faults >= 0 && ioctl(faults, UFFDIO_REGISTER, &area))
		die("UFFDIO_REGISTER");
}

static void get_memory(void)
{
	self->own = pages(MEMORY);
	self->late = pages(4 * PAGE);
	self->edge = pages(2 * PAGE);
	self->fixed = pages(PAGE);
	mprotect(self->fixed, PAGE, PROT_READ);
}

/* Answers each fault after a while, or never: then the area is let go of, and has zeros. */
static void *come_late(void *unused)
{
	struct pollfd ready = { .fd = faults, .events = POLLIN };
	struct uffd_msg message;
	unsigned int turn = 0;

	while (!shared->over) {
		if (poll(&ready, 1, 100) != 1 ||
		    read(faults, &message, sizeof(message)) != sizeof(message) ||
		    message.event != UFFD_EVENT_PAGEFAULT)
			continue;
		uint64_t at = message.arg.pagefault.address & ~(uint64_t)(PAGE - 1);
		struct uffdio_zeropage zeros = { .range = { .start = at, .len = PAGE } };

		usleep(turn % 4 * 500);
		if (turn++ % 16 && !ioctl(faults, UFFDIO_ZEROPAGE, &zeros)) {
			trick(CAME_LATE);
		} else {
			struct uffdio_range range = zeros.range;

			trick(NEVER_CAME);
			usleep(10000);
			ioctl(faults, UFFDIO_UNREGISTER, &range);
			ioctl(faults, UFFDIO_WAKE, &range);
		}
	}
	return unused;
}

static void open_faults(void)
{
	struct uffdio_api api = { .api = UFFD_API };

	faults = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (faults >= 0 && ioctl(faults, UFFDIO_API, &api))
		die("UFFDIO_API");
}

/* Changes a byte of the others' memory now and then, most often the first of a page. */
static void *change(void *all)
{
	struct worker *const *workers = all;
	uint32_t x = 1;

	while (!shared->over) {
		for (size_t i = 0; workers[i]; i++) {
			x = x * 1664525 + 1013904223;
			workers[i]->hot[x >> 16 & (x & 1 ? 127 : PAGE - 1)] ^= 1 << (x >> 8 & 7);
		}
		usleep(5000);
	}
	return NULL;
}
