// SPDX-License-Identifier: GPL-2.0
/* Requests are made, and judged by what they were. */

static const struct fuzz_request *request_of(unsigned int number)
{
	for (size_t i = 0; i < FUZZ_COUNT(fuzz_requests); i++)
		if (fuzz_requests[i].number == number)
			return &fuzz_requests[i];
	die("no such request");
	return NULL;
}

/* Where a request ends; the head is there in any case. */
static uint32_t behind(const struct asked *a)
{
	return a->size < sizeof(struct milspec_head) ? sizeof(struct milspec_head) : a->size;
}

static void unexpected(const struct asked *a, int error, set right)
{
	char names[200] = "";

	for (int e = 0; e < ERRORS; e++)
		if (right & of(e) && strerrorname_np(e) && strlen(names) < sizeof(names) - 20)
			strcat(strcat(names, " "), error_name(e));
	broken("%s: %s, expected%s; size %u, %s, fields %#llx are spoilt", a->r->name, error_name(error),
	       names, a->size, a->place < TRICKS ? trick_names[a->place] : "request plain",
	       (unsigned long long)a->spoilt);
}

static void judge(struct asked *a, int error, set documented)
{
	const char *what = a->r->name;
	const struct fuzz_type *type = a->r->type;
	uint32_t known = a->size < type->size ? a->size : type->size;
	int is_apply = is(a, MILSPEC_IOC_APPLY), plan = is_apply || is(a, MILSPEC_IOC_PLAN);
	set right = (a->must ? a->must : of(0)) | (a->may & ~of(0)) | of(ENOMEM) | of(EINTR);
	int filled = error == 0 || (is_apply && outcome_of(error) >= 0);
	struct milspec_apply *q = apply_of(a);

	if (!(of(error) & (documented | of(0))))
		broken("%s: %s is not documented", what, error_name(error));
	if (a->sure && !(of(error) & right))
		unexpected(a, error, right & (documented | of(0)));
	if (!a->plain)
		return;
	/* The driver has ended with the bytes that it knows, and with those that were announced. */
	if (a->size <= MILSPEC_SIZE_MAX && a->size > known &&
	    memcmp(a->arg + known, self->was + known, a->size - known))
		broken("%s: bytes that the driver does not know are written to", what);
	if (a->size <= MILSPEC_SIZE_MAX && !is_all(a->arg + behind(a), GUARD, 0xAA))
		broken("%s: bytes behind the %u that were announced are written to", what, a->size);
	if (a->guard && !is_all(a->guard, GUARD, 0xAA))
		broken("%s: bytes behind its array are written to", what);
	if (filled) {
		check_answer(what, type, a->arg, self->was);
		if (plan)
			check_plan(what, is_apply, error, q);
		if (plan && q->step_capacity && q->step_stride < 256 && q->step_capacity <= 128)
			check_array(what, &fuzz_step, (void *)(uintptr_t)q->steps, q->step_count,
				    q->step_stride);
	} else if (error != EFAULT && error != ENOSPC) {
		check_left(what, is_apply, error, a->arg, self->was,
			   a->size <= MILSPEC_SIZE_MAX ? a->size : type->size);
	}
	if (is(a, MILSPEC_IOC_CONTROLS) && !error) {
		struct milspec_controls *c = (void *)a->arg;

		if (c->capacity)
			check_array(what, &fuzz_control, (void *)(uintptr_t)c->buffer, c->count,
				    c->stride);
	}
	if (is(a, MILSPEC_IOC_STATUS) && !error) {
		struct milspec_status *s = (void *)a->arg;

		if (s->generation < self->generation)
			broken("generation %llu after %llu", (unsigned long long)s->generation,
			       (unsigned long long)self->generation);
		self->generation = s->generation;
	}
	/* A descriptor that was not opened for writing is a right over copies, and none else. */
	if (filled && a->fd != self->rw &&
	    ((is_apply && error != EACCES && !(q->properties & MILSPEC_ANSWER_TRAINING)) ||
	     (is(a, MILSPEC_IOC_REFRESH) &&
	      !(((struct milspec_refresh *)a->arg)->properties & MILSPEC_ANSWER_TRAINING))))
		broken("%s: the machine is changed through a descriptor for reading", what);
}

/* Marks what is behind the array that the driver fills, and returns where that is. */
static unsigned char *guard(struct asked *a)
{
	const struct fuzz_type *type = a->r->type;

	for (unsigned int i = 0; i < type->field_count; i++) {
		const struct fuzz_field *f = &type->fields[i];
		uint64_t at, size;

		if (f->kind != FUZZ_ADDRESS || !f->of || f->of == &fuzz_target)
			continue;
		at = number_at(a->arg + f->offset, 8);
		size = number_at(a->arg + type->fields[f->number].offset, 4) *
		       number_at(a->arg + type->fields[f->stride].offset, 4);
		if (at < (uintptr_t)self->own + ARRAY || at >= (uintptr_t)self->own + MEMORY ||
		    size > MEMORY - ARRAY - PAGE)
			continue;
		return memset((unsigned char *)(uintptr_t)at + size, 0xAA, GUARD);
	}
	return NULL;
}

/* Takes the finished request to other memory than the worker's own. */
static unsigned char *elsewhere(struct asked *a)
{
	uint32_t size = a->size < MILSPEC_SIZE_MAX ? a->size : MILSPEC_SIZE_MAX, place = below(EDGE + 1);
	unsigned char *to = NULL;

	if (size < 8)
		size = 8;
	/* What another thread changes may be anything, and so is no apply to the machine. */
	if (place == HOT && (is(a, MILSPEC_IOC_APPLY) || is(a, MILSPEC_IOC_TRAINING)))
		return a->arg;
	if (place == LATE && (faults < 0 || below(4)))
		return a->arg;
	trick(place);
	a->place = place;
	if (place <= FIXED)
		a->must |= of(EFAULT);
	switch (place) {
	case NOWHERE:
		return NULL;
	case KERNEL:
		return (void *)(uintptr_t)-4096l;
	case BEHIND: /* ends behind its memory */
		to = self->edge + 2 * PAGE - size + 1 + below(size - 1);
		memcpy(to, a->arg, self->edge + 2 * PAGE - to);
		return to;
	case FIXED:
		mprotect(self->fixed, PAGE, PROT_READ | PROT_WRITE);
		memcpy(self->fixed, a->arg, size);
		mprotect(self->fixed, PAGE, PROT_READ);
		return self->fixed;
	case HOT:
		to = self->hot + below(64);
		/* An address that is changed a little must not be one of this program's. */
		for (unsigned int i = 0; i < a->r->type->field_count; i++)
			if (a->r->type->fields[i].kind == FUZZ_ADDRESS)
				put(a->arg + a->r->type->fields[i].offset, 8, 0);
		if (is(a, MILSPEC_IOC_REFRESH))
			a->fd = self->ro;
		a->sure = 0;
		break;
	case LATE:
		/* Whether it is there is the other thread's doing: zeros are too small a size. */
		disarm();
		to = self->late + PAGE - 16;
		if (one_in(2))
			put(to, 8, number_at(a->arg, 8));
		arm();
		a->sure = 0;
		return to;
	default: /* ends where its memory ends: all is well */
		to = self->edge + 2 * PAGE - size;
	}
	return memcpy(to, a->arg, size);
}

/* One request. `deep`: one that does what it says, as far as it is right. */
static void request(const struct fuzz_request *r, int deep)
{
	static set documented[FUZZ_COUNT(fuzz_requests)];
	size_t kind = r - fuzz_requests;
	struct asked a = { .r = r, .arg = self->own + 64 + below(16), .size = r->type->size,
			   .sure = 1, .plain = 1, .place = TRICKS, .fd = !deep && one_in(4) ? self->ro : self->rw };
	unsigned char *at;
	int error;

	if (!documented[kind])
		documented[kind] = all_of(r->errors, r->error_count);
	/* As much as the longest that is announced, and the guard behind it. */
	memset(a.arg, 0, r->type->size);
	put(a.arg, 4, a.size);
	if (is(&a, MILSPEC_IOC_PLAN) || is(&a, MILSPEC_IOC_APPLY))
		make_plan(&a);
	else if (is(&a, MILSPEC_IOC_CONTROLS))
		make_controls(&a);
	else if (is(&a, MILSPEC_IOC_TRAINING))
		make_training(&a);
	if (!deep && one_in(2))
		for (uint32_t n = 1 + below(3); n; n--)
			spoil(&a);
	if (!deep && one_in(4))
		spoil_head(&a);
	if (a.bad_target)
		a.must |= of(EINVAL);
	tame(&a, deep);
	if (a.size <= MILSPEC_SIZE_MAX)
		memset(a.arg + behind(&a), 0xAA, GUARD);
	a.guard = guard(&a);
	memcpy(self->was, a.arg, a.size <= MILSPEC_SIZE_MAX ? a.size : r->type->size);
	if (is(&a, MILSPEC_IOC_APPLY) || is(&a, MILSPEC_IOC_REFRESH) || is(&a, MILSPEC_IOC_TRAINING))
		if (a.fd != self->rw)
			a.may |= of(EBADF);
	if (is(&a, MILSPEC_IOC_APPLY))
		a.may |= of(EACCES) | of(EBUSY) | of(ECANCELED) | of(EIO) | of(EAGAIN);
	/* What a training had, it has not any more: this request came too late for it. */
	if (is(&a, MILSPEC_IOC_REFRESH))
		a.may |= of(EAGAIN);
	at = !deep && one_in(8) ? elsewhere(&a) : a.arg;
	error = ioctl(a.fd, r->number, at) ? errno : 0;
	if (at != a.arg)
		a.plain = 0;
	count(kind, error);
	judge(&a, error, documented[kind]);
}
