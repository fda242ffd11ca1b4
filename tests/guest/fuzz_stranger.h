// SPDX-License-Identifier: GPL-2.0
/* Who has no right, and is passed descriptors by those who have. */
#include <sys/prctl.h>

/* Another process, and an ordinary user: what it is passed gives it no right over the machine. */
static void stranger(int inbox, int outbox)
{
	static const unsigned int changes[] = {
		MILSPEC_IOC_REFRESH, MILSPEC_IOC_APPLY, MILSPEC_IOC_TRAINING,
	};
	const struct fuzz_request *r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setgid(65534) || setuid(65534))
		die("setuid");
	self = calloc(1, sizeof(*self));
	self->number = THREADS_MOST;
	self->inbox = inbox;
	self->outbox = outbox;
	for (unsigned long long n = 0; !shared->over; n++) {
		struct milspec_apply q = { .head.size = sizeof(q), .mode = 2 };
		struct milspec_training t = { .head.size = sizeof(t), .operation = 1 };
		struct milspec_refresh f = { .head.size = sizeof(f) };
		char room[CMSG_SPACE(sizeof(int))], byte;
		struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
		struct msghdr m = {
			.msg_iov = &iov, .msg_iovlen = 1, .msg_control = room,
			.msg_controllen = sizeof(room),
		};
		unsigned int number;
		int fd, error, copy;

		begin(n);
		if (open(DEVICE, O_RDONLY) >= 0 || open(SYSFS_FILES "/mode", O_WRONLY) >= 0)
			broken("an ordinary user opens what is not his");
		if (recvmsg(inbox, &m, MSG_DONTWAIT) != 1 || !CMSG_FIRSTHDR(&m)) {
			usleep(50000);
			continue;
		}
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
		number = changes[below(3)];
		r = request_of(number);
		error = ioctl(fd, number, number == MILSPEC_IOC_APPLY	 ? (void *)&q :
					  number == MILSPEC_IOC_TRAINING ? (void *)&t :
									   (void *)&f) ? errno : 0;
		__atomic_add_fetch(&shared->counts[r - fuzz_requests][error], 1, __ATOMIC_RELAXED);
		copy = (q.properties | f.properties) & MILSPEC_ANSWER_TRAINING;
		/* Of a copy it may be done, or end as an apply of the copy ends. */
		if (error != EPERM && error != EBADF &&
		    (number == MILSPEC_IOC_TRAINING || !(copy || error == EAGAIN)))
			broken("%s by an ordinary user: %s", r->name, error_name(error));
		close(fd);
	}
	_exit(0);
}
