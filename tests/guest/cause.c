// SPDX-License-Identifier: GPL-2.0
/*
 * Causes records of the journal, and fetches them. Run in the guest as root:
 *
 *   cause dump            writes all records that there are to standard output
 *   cause status          what STATUS says of the journal, one number a line
 *   cause stale NUMBER    as many requests that are recorded and change nothing
 *   cause flood NUMBER    as many refused requests of an ordinary user, each way
 *   cause audit           has the kernel audit
 *   cause latch           latches
 */
#include <linux/audit.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "journal.h"

static int dump(void)
{
	static struct milspec_event batch[100];
	int fd = get(O_RDONLY | O_NONBLOCK);
	ssize_t size;

	while ((size = read(fd, batch, sizeof(batch))) > 0)
		if (size % SIZE || write(1, batch, size) != size)
			return 1;
	return errno != EAGAIN;
}

static int status(void)
{
	struct milspec_status q = { .head = { .size = sizeof(q) } };

	if (ioctl(get(O_RDONLY), MILSPEC_IOC_STATUS, &q))
		return 1;
	printf("%llu\n%llu\n%llu\n%u\n%u\n%u\n%u\n%u\n%u\n", q.journal_next, q.journal_overwritten,
	       q.anchored, q.anchor_pending, q.anchor_failures, q.anchor_error, q.suppressed,
	       q.anchor, q.anchor_pcr);
	return 0;
}

static int flood(long number)
{
	struct milspec_apply q = { .head = { .size = sizeof(q) } };
	struct milspec_refresh r = { .head = { .size = sizeof(r) } };
	int fd = get(O_RDWR), readonly = get(O_RDONLY);
	int mode = open("/sys/devices/faux/dell_milspec/mode", O_WRONLY);

	if (mode < 0 || setuid(65534))
		return 1;
	for (long i = 0; i < number; i++) {
		if (!ioctl(fd, MILSPEC_IOC_APPLY, &q) || errno != EPERM ||
		    !ioctl(fd, MILSPEC_IOC_REFRESH, &r) || errno != EPERM ||
		    !ioctl(readonly, MILSPEC_IOC_APPLY, &q) || errno != EBADF ||
		    pwrite(mode, "standard", 8, 0) >= 0 || errno != EPERM)
			return 1;
	}
	return 0;
}

static int audit(void)
{
	struct {
		struct nlmsghdr head;
		struct audit_status status;
	} q = {
		.head = {
			.nlmsg_len = sizeof(q), .nlmsg_type = AUDIT_SET, .nlmsg_flags = NLM_F_REQUEST,
		},
		.status = { .mask = AUDIT_STATUS_ENABLED, .enabled = 1 },
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);

	return sendto(fd, &q, sizeof(q), 0, (void *)&kernel, sizeof(kernel)) != sizeof(q);
}

static int latch(void)
{
	struct milspec_apply q = {
		.head = { .size = sizeof(q) },
		.mode = MILSPEC_MODE_PARANOID_PLUS,
		.options = MILSPEC_APPLY_CONFIRM_LATCH,
	};

	return ioctl(get(O_RDWR), MILSPEC_IOC_APPLY, &q) != 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long number = argc > 2 ? atol(argv[2]) : 0;
	int fd;

	if (!strcmp(what, "dump"))
		return dump();
	if (!strcmp(what, "status"))
		return status();
	if (!strcmp(what, "flood"))
		return flood(number);
	if (!strcmp(what, "audit"))
		return audit();
	if (!strcmp(what, "latch"))
		return latch();
	if (strcmp(what, "stale"))
		return 2;
	fd = get(O_RDWR);
	while (number-- > 0)
		if (!stale(fd))
			return 1;
	return 0;
}
