// SPDX-License-Identifier: GPL-2.0
/* Calls by way of io_uring, where the kernel has it. */
#include <linux/io_uring.h>
#include <sys/syscall.h>

/* A ring of io_uring for two entries. */
struct ring {
	int fd;
	struct io_uring_params params;
	struct io_uring_sqe *entries;
	char *submitted, *completed;
};

static void open_ring(void)
{
	static struct ring none;
	struct ring *r = calloc(1, sizeof(*r));
	size_t size;

	self->ring = &none;
	if (!r)
		die("calloc");
	r->fd = syscall(__NR_io_uring_setup, 4, &r->params);
	if (r->fd < 0)
		return;
	size = r->params.cq_off.cqes + r->params.cq_entries * sizeof(struct io_uring_cqe);
	r->submitted = mmap(NULL, r->params.sq_off.array + r->params.sq_entries * sizeof(uint32_t),
			    PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->completed = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_CQ_RING);
	r->entries = mmap(NULL, r->params.sq_entries * sizeof(*r->entries), PROT_READ | PROT_WRITE,
			  MAP_SHARED, r->fd, IORING_OFF_SQES);
	if (r->submitted == MAP_FAILED || r->completed == MAP_FAILED || r->entries == MAP_FAILED)
		die("io_uring");
	self->ring = r;
}

/* Submits so many entries, and waits for as many answers. Returns the first one's. */
static int submit(struct ring *r, uint32_t number)
{
	uint32_t *tail = (uint32_t *)(r->submitted + r->params.sq_off.tail);
	uint32_t *head = (uint32_t *)(r->completed + r->params.cq_off.head);
	uint32_t *end = (uint32_t *)(r->completed + r->params.cq_off.tail);
	uint32_t *array = (uint32_t *)(r->submitted + r->params.sq_off.array);
	const struct io_uring_cqe *answers = (void *)(r->completed + r->params.cq_off.cqes);
	int result = 0, sent = 0;

	for (uint32_t i = 0; i < number; i++)
		array[(*tail + i) & (r->params.sq_entries - 1)] = i;
	__atomic_store_n(tail, *tail + number, __ATOMIC_RELEASE);
	for (uint32_t got = 0; got < number;) {
		int done = syscall(__NR_io_uring_enter, r->fd, number - sent, 1, IORING_ENTER_GETEVENTS,
				   NULL, 0);

		if (done < 0 && errno != EINTR)
			die("io_uring_enter");
		sent += done > 0 ? done : 0;
		while (*head != __atomic_load_n(end, __ATOMIC_ACQUIRE)) {
			const struct io_uring_cqe *c = &answers[*head & (r->params.cq_entries - 1)];

			result = c->user_data == 0 ? c->res : result;
			__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
			got++;
		}
	}
	return result;
}

/* Reads, which waits where there is no record, or waits for one; and takes that back. */
static void ring_some(void)
{
	struct io_uring_sqe *e = self->ring->entries;
	int result, reads = one_in(2);

	if (!e)
		return;
	memset(e, 0, 2 * sizeof(*e));
	if (reads) {
		e->opcode = IORING_OP_READ;
		e->fd = self->ro;
		e->off = one_in(8) ? border() : ~0ull;
		e->addr = one_in(8) ? 8 : (uintptr_t)self->own + ARRAY;
		e->len = below(4 * MILSPEC_EVENT_SIZE);
	} else {
		e->opcode = IORING_OP_POLL_ADD;
		e->fd = self->rw;
		e->poll32_events = POLLIN;
	}
	e[1].opcode = IORING_OP_ASYNC_CANCEL;
	e[1].user_data = 1;
	result = submit(self->ring, 2);
	ended(RING, result < 0 ? -result : 0, of(0) | of(ECANCELED) | (reads ? read_errors | of(ESPIPE) : 0));
}
