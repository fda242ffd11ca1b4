// SPDX-License-Identifier: GPL-2.0
/* Calls that are no requests: the journal, descriptors that are passed on, files in sysfs. */
#include <dirent.h>
#include <poll.h>
#include <sys/socket.h>

#define DEVICE "/dev/milspec"
#define SYSFS_FILES "/sys/devices/faux/dell_milspec"

/* What the ABI's pages say of these in their text. */
#define MAY(...) (all_of((const int[]){ 0, __VA_ARGS__ }, FUZZ_COUNT(((const int[]){ 0, __VA_ARGS__ }))))

static set read_errors;

/* What is no record has nothing but what its kind names. */
static void check_gap(const struct milspec_event *e)
{
	struct milspec_event named = {
		.sequence = e->sequence, .kind = MILSPEC_KIND_GAP, .severity = MILSPEC_SEVERITY_WARNING,
		.properties = MILSPEC_EVENT_UNCHAINED | (e->properties & MILSPEC_EVENT_TRAINING),
		.count = e->count,
	};

	memcpy(named.load, e->load, sizeof(named.load));
	memcpy(named.chain, e->chain, sizeof(named.chain));
	if (memcmp(e, &named, sizeof(named)))
		broken("read: a gap has more in it than it may");
}

/* Records come once and in order, those of a training in an order of their own, or are said to be lost. */
static void follow(const struct milspec_event *e)
{
	int training = e->properties & MILSPEC_EVENT_TRAINING;
	uint64_t *next = training ? &self->practice_next : &self->next;
	uint64_t count = e->kind == MILSPEC_KIND_GAP ? e->count : 1;

	if (training && memcmp(self->load, e->load, sizeof(e->load))) {
		memcpy(self->load, e->load, sizeof(e->load));
		*next = e->sequence - count + 1;
		if (*next != 1)
			broken("read: a training begins with record %llu", (unsigned long long)*next);
	}
	if (e->sequence != *next + count - 1)
		broken("read: %s record %llu where %llu is next",
		       e->kind == MILSPEC_KIND_GAP ? "gap to" : "a", (unsigned long long)e->sequence,
		       (unsigned long long)*next);
	*next = e->sequence + 1;
	if (e->kind != MILSPEC_KIND_GAP)
		check_answer("read", &fuzz_event, (const void *)e, NULL);
	else
		check_gap(e);
}

static void read_some(int waits)
{
	int mine = !waits && one_in(2), fd = waits ? self->rw : mine ? self->nonblocking : self->ro;
	size_t size = one_in(4) ? below(3 * MILSPEC_EVENT_SIZE) : MILSPEC_EVENT_SIZE * (1 + below(EVENTS));
	unsigned char *at = self->own + ARRAY, *end;
	ssize_t got;

	if (!mine)
		switch (below(16)) {
		case 0:
			disarm();
			arm();
			at = self->late + below(PAGE);
			size = size < 2 * PAGE ? size : 2 * PAGE;
			break;
		case 1 ... 4:
			at = self->edge + PAGE + below(PAGE);
			break;
		case 5 ... 8:
			at = one_in(2) ? self->fixed : NULL;
			break;
		default:
			at = self->hot;
			size = size < PAGE ? size : PAGE;
		}
	if (waits)
		lseek(fd, 0, SEEK_END);
	end = self->own + ARRAY + size;
	if (mine)
		memset(end, 0xAA, GUARD);
	got = read(fd, at, size);
	ended(READ, got < 0 ? errno : 0, read_errors);
	if (got > 0 && got % MILSPEC_EVENT_SIZE)
		broken("read: %zd bytes are no records", got);
	if (size < MILSPEC_EVENT_SIZE && got >= 0)
		broken("read: %zd where there is no room", got);
	if (!mine)
		return;
	if (!is_all(end, GUARD, 0xAA))
		broken("read: bytes behind the buffer are written to");
	for (ssize_t i = 0; i + MILSPEC_EVENT_SIZE <= got; i += MILSPEC_EVENT_SIZE)
		follow((void *)(at + i));
}

static void poll_some(void)
{
	struct pollfd p[3] = {
		{ .fd = self->nonblocking, .events = POLLIN | POLLOUT },
		{ .fd = self->ro, .events = any() },
		{ .fd = self->rw, .events = POLLIN },
	};
	int got = poll(p, 1 + below(3), below(64) ? 0 : 1);

	ended(POLL, got < 0 ? errno : 0, MAY(EINTR));
	if (got > 0 && p[0].revents & ~(POLLIN | POLLRDNORM))
		broken("poll: %#x", p[0].revents);
}

static void seek_some(void)
{
	static const int whences[] = { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, 77 };
	int mine = one_in(4), whence = mine ? SEEK_SET : whences[below(FUZZ_COUNT(whences))];
	int64_t offset = one_in(2) ? -(int64_t)below(64) : (int64_t)border();
	off64_t to;

	if (mine)
		offset = self->next > 1 && one_in(2) ? self->next - 1 : self->next;
	to = lseek64(mine ? self->nonblocking : self->ro, offset, whence);
	ended(SEEK, to < 0 ? errno : 0, MAY(EINVAL, EINTR));
	if (to == 0)
		broken("lseek: 0");
	/* It starts with the first record of a training as well. */
	if (mine && to > 0) {
		self->next = to;
		memset(self->load, 0, sizeof(self->load));
	}
	if (mine && to > 0 && to != offset)
		broken("lseek: %lld for %lld", (long long)to, (long long)offset);
}

static void map_some(void)
{
	void *at = mmap(NULL, PAGE << below(4), below(8), one_in(2) ? MAP_SHARED : MAP_PRIVATE,
			one_in(2) ? self->rw : self->ro, (off_t)below(4) * PAGE);

	ended(MAP, at == MAP_FAILED ? errno : 0, of(ENODEV) | of(EACCES) | of(EPERM));
	if (at != MAP_FAILED)
		munmap(at, PAGE);
	if (one_in(2)) {
		ssize_t got = one_in(2) ? write(self->rw, self->own, below(PAGE)) :
					  pread(self->ro, self->own, PAGE, below(PAGE));

		ended(MAP, got < 0 ? errno : 0, of(EINVAL) | of(ESPIPE));
	}
}

/* Opens, duplicates and closes: the place is the descriptor's. */
static void open_some(void)
{
	int fd = open(DEVICE, (one_in(2) ? O_RDWR : O_RDONLY) | (one_in(2) ? O_NONBLOCK : 0)), again;
	struct milspec_event e;

	ended(OPEN, fd < 0 ? errno : 0, of(0) | of(EINTR));
	if (fd < 0)
		return;
	again = dup(fd);
	if (read(fd, &e, sizeof(e)) == sizeof(e)) {
		uint64_t next = e.sequence + 1;

		if (e.kind != MILSPEC_KIND_GAP && e.sequence != 1)
			broken("open: the first record is %llu", (unsigned long long)e.sequence);
		if (read(again, &e, sizeof(e)) == sizeof(e) && e.kind != MILSPEC_KIND_GAP &&
		    e.sequence != next)
			broken("open: a duplicate goes on with %llu", (unsigned long long)e.sequence);
	}
	close(fd);
	close(again);
}

/* Sends a descriptor to whoever reads the other end, or takes one and uses it. */
static void pass_some(void)
{
	char room[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	struct milspec_status q = { .head.size = sizeof(q) };
	int fd = one_in(2) ? self->rw : self->ro;
	ssize_t got;

	if (one_in(2)) {
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
		got = sendmsg(self->outbox, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
		ended(PASS, got < 0 ? errno : 0, MAY(EAGAIN, EINTR, EPIPE, ETOOMANYREFS, ECONNREFUSED));
		return;
	}
	got = recvmsg(self->inbox, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	ended(PASS, got < 0 ? errno : 0, MAY(EAGAIN, EINTR));
	c = CMSG_FIRSTHDR(&m);
	if (got != 1 || !c)
		return;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	if (ioctl(fd, MILSPEC_IOC_STATUS, &q))
		broken("STATUS: %s, through a descriptor that was passed on", error_name(errno));
	close(fd);
}

static char files[32][64];
static uint32_t file_count;

static void find_files(void)
{
	DIR *directory = opendir(SYSFS_FILES);
	struct dirent *entry;

	if (!directory)
		die(SYSFS_FILES);
	while ((entry = readdir(directory)) && file_count < FUZZ_COUNT(files))
		if (entry->d_type == DT_REG && strcmp(entry->d_name, "uevent") &&
		    strlen(entry->d_name) < sizeof(files[0]))
			strcpy(files[file_count++], entry->d_name);
	closedir(directory);
	if (file_count < 10)
		die("files in sysfs");
}

static void sysfs_some(void)
{
	char path[160], text[PAGE + 1];
	const char *name = files[below(file_count)];
	int fd, writes = one_in(4);
	ssize_t got;

	snprintf(path, sizeof(path), SYSFS_FILES "/%s", name);
	fd = open(path, writes ? O_RDWR : O_RDONLY);
	if (fd < 0) {
		ended(SYSFS, errno, (writes && strcmp(name, "mode") ? of(EACCES) : 0) | of(EINTR));
		return;
	}
	got = pread(fd, text, below(sizeof(text)), one_in(4) ? below(PAGE) : 0);
	ended(SYSFS, got < 0 ? errno : 0, of(0) | of(ENOMEM));
	for (ssize_t i = 0; i < got; i++)
		if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n')
			broken("%s: byte %#x", path, (unsigned char)text[i]);
	if (writes && strcmp(name, "mode"))
		broken("%s is opened for writing", path);
	close(fd);
}

/* Writes to `mode`: something that is no mode, or where `deep` a mode. */
static void mode_some(int deep)
{
	static const char *const modes[] = { "baseline", "standard", "enhanced", "paranoid", "paranoid-plus" };
	static const char *const others[] = { "", "\n", "custom", "STANDARD", "x" };
	int fd = open(SYSFS_FILES "/mode", O_WRONLY), error;
	const char *text = deep ? modes[below(FUZZ_COUNT(modes))] : others[below(FUZZ_COUNT(others))];
	size_t size = !deep && one_in(2) ? below(PAGE) : strlen(text);

	if (fd < 0) {
		ended(MODE, errno, of(EINTR));
		return;
	}
	error = write(fd, size == strlen(text) ? text : (char *)self->own + ARRAY, size) < 0 ? errno : 0;
	close(fd);
	ended(MODE, error, all_of(fuzz_mode_errors, FUZZ_COUNT(fuzz_mode_errors)) | of(0));
	if (!deep && size && !error)
		broken("mode: \"%.20s\" is taken for a mode", text);
}
