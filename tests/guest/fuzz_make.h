// SPDX-License-Identifier: GPL-2.0
/* What requests ask for: made of the description, and spoilt here and there. */
/* Where arrays are in a worker's memory. */
#define TARGETS (16 * 1024)
#define ARRAY (48 * 1024)
#define GUARD 64

struct asked {
	const struct fuzz_request *r;
	unsigned char *arg;
	uint32_t size;
	set must; /* one of these, where it is not empty: something is wrong */
	set may;  /* these are right as well */
	int sure;  /* what is wrong with it is known */
	int plain; /* nobody else touches the memory, and it is all there */
	int fd;
	int bad_target;       /* one of its list */
	uint32_t place;       /* the kind of memory that it is in */
	uint64_t spoilt;      /* fields, by number */
	unsigned char *guard; /* what is behind the array, where that is known */
};

static struct milspec_apply *apply_of(struct asked *a)
{
	return (void *)a->arg;
}

static int is(const struct asked *a, unsigned int number)
{
	return a->r->number == number;
}

/* The field of the structure that has this offset. */
static unsigned int field_at(const struct fuzz_type *type, const struct fuzz_field *f)
{
	return f - type->fields;
}

/* The address that a field belongs to as the number of elements, or NULL. */
static const struct fuzz_field *numbers_of(const struct fuzz_type *type, const struct fuzz_field *f)
{
	for (unsigned int i = 0; i < type->field_count; i++)
		if (type->fields[i].kind == FUZZ_ADDRESS &&
		    type->fields[i].number == (int)field_at(type, f))
			return &type->fields[i];
	return NULL;
}

static uint64_t bad_address(struct asked *a)
{
	const uint64_t places[] = {
		[NOWHERE] = 0,
		[KERNEL] = -4096ull,
		[BEHIND] = one_in(2) ? (uintptr_t)self->edge + 2 * PAGE : 1ull << 46 | 8,
		[FIXED] = (uintptr_t)self->fixed,
		[HOT] = (uintptr_t)self->hot,
		[LATE] = (uintptr_t)self->late,
	};
	uint32_t place = below(FUZZ_COUNT(places));

	trick(OF_ARRAY + place);
	if (place >= FIXED)
		a->sure = a->plain = 0;
	return places[place];
}

/* Changes one field that is at random to something that is at random. */
static void spoil(struct asked *a)
{
	const struct fuzz_type *type = a->r->type;
	const struct fuzz_field *f = &type->fields[below(type->field_count)], *array;
	unsigned char *at = a->arg + f->offset;
	uint64_t number = border(), bit = 1ull << field_at(type, f);

	if (a->spoilt & bit)
		return;
	a->spoilt |= bit;
	/* Its list may be another one, of which that target is no part. */
	if (a->bad_target && f->kind >= FUZZ_ADDRESS && f->kind <= FUZZ_NUMBER) {
		a->bad_target = 0;
		a->may |= of(EINVAL);
	}
	if (f->width < 8)
		number &= (1ull << 8 * f->width) - 1;
	if (f->kind == FUZZ_STRUCT || (!f->asked && f->kind != FUZZ_RESERVED)) {
		/* Not looked at, but for the head, which has its own part. */
		if (f->offset)
			memset(at, any(), f->width * f->count);
		return;
	}
	switch (f->kind) {
	case FUZZ_RESERVED:
		at[below(f->width * f->count)] = 1 + below(255);
		*(f->asked ? &a->must : &a->may) |= of(EINVAL);
		return;
	case FUZZ_BITS:
		number = one_in(2) ? 1ull << below(8 * f->width) : known_bits(f) & any();
		if (number & ~known_bits(f))
			a->must |= of(EINVAL);
		a->may |= of(EINVAL) | of(EAGAIN) | of(ENODEV) | of(ENOSPC);
		break;
	case FUZZ_NAMED:
		if (!is_listed(f, number) && number)
			a->must |= of(EINVAL);
		a->may |= of(EINVAL) | of(ENODEV) | of(EBUSY) | of(ENOSPC);
		break;
	case FUZZ_ADDRESS:
		number = bad_address(a);
		a->may |= of(EFAULT) | of(EINVAL) | of(ENOSPC) | of(E2BIG) | of(EPROTO);
		break;
	case FUZZ_STRIDE:
		number = one_in(2) ? 8 * below(600) : number;
		a->may |= of(EINVAL) | of(EFAULT) | of(E2BIG) | of(ENOSPC);
		break;
	case FUZZ_GENERATION:
		a->may |= of(EAGAIN);
		break;
	case FUZZ_NUMBER:
		array = numbers_of(type, f);
		number = one_in(2) ? below(64) : number;
		if (array && array->most && number > array->most)
			a->must |= of(E2BIG) | of(EINVAL);
		a->may |= of(EFAULT) | of(EINVAL) | of(ENOSPC) | of(E2BIG) | of(ERANGE) | of(EPROTO) |
			  of(EEXIST);
		break;
	default:
		a->may |= of(EINVAL) | of(ENODEV) | of(EACCES);
		break;
	}
	put(at, f->width, number);
}

/* The size, the head's flags, and what is behind the known structure. */
static void spoil_head(struct asked *a)
{
	const struct fuzz_type *type = a->r->type;

	switch (below(5)) {
	case 0:
		a->size = below(type->size_min);
		a->must |= of(EINVAL);
		break;
	case 1:
		a->size = one_in(2) ? MILSPEC_SIZE_MAX + 1 + below(9) : (uint32_t)border() | 1u << 20;
		a->must |= of(E2BIG);
		break;
	case 2:
		a->arg[4 + below(4)] = 1 + below(255);
		a->must |= of(EINVAL);
		break;
	default:
		a->size = type->size + 1 + below(one_in(4) ? MILSPEC_SIZE_MAX - type->size : 64);
		memset(a->arg + type->size, 0, a->size - type->size);
		if (one_in(2))
			break;
		a->arg[type->size + below(a->size - type->size)] = 1 + below(255);
		a->must |= of(E2BIG);
	}
	put(a->arg, 4, a->size);
}

static void make_targets(struct asked *a, uint32_t number)
{
	struct milspec_apply *q = apply_of(a);
	struct milspec_target *t = (void *)(self->own + TARGETS);
	uint32_t wide = one_in(4) ? 8 * below(3) : 0;

	q->targets = (uintptr_t)t;
	q->target_count = number;
	q->target_stride = sizeof(*t) + wide;
	memset(t, 0, number * q->target_stride);
	for (uint32_t i = 0; i < number; i++) {
		const struct control *c = &controls[below(control_count)];

		t = (void *)(self->own + TARGETS + i * q->target_stride);
		t->control = one_in(32) ? any() : c->id;
		t->value = one_in(16) ? 0xFE + below(2) : one_in(32) ? any() : below(c->values);
		if (one_in(64)) {
			((unsigned char *)t)[5 + below(11)] = 1 + below(255);
			a->bad_target = 1;
		}
	}
}

/* What a plan or an apply asks for. */
static void make_plan(struct asked *a)
{
	struct milspec_apply *q = apply_of(a);

	q->mode = below(6);
	if (q->mode != MILSPEC_MODE_PARANOID_PLUS && one_in(2)) {
		make_targets(a, 1 + below(8));
		q->mode = one_in(2) ? 0 : q->mode;
	}
	q->step_capacity = one_in(2) ? 0 : one_in(8) ? 1 + below(8) : 128;
	q->steps = (uintptr_t)self->own + ARRAY + below(8);
	q->step_stride = sizeof(struct milspec_step) + (one_in(4) ? 8 * below(8) : 0);
	if (is(a, MILSPEC_IOC_APPLY) && one_in(2)) {
		q->options |= MILSPEC_APPLY_TRAINING;
		q->options |= one_in(2) ? MILSPEC_APPLY_CONFIRM_LATCH : 0;
		a->may |= of(ENODEV);
	} else if (one_in(8)) {
		q->options |= MILSPEC_APPLY_MACHINE;
	}
	if (one_in(4))
		q->generation = self->generation;
	a->may |= of(ENOSPC) | of(EAGAIN);
}

static void make_controls(struct asked *a)
{
	struct milspec_controls *q = (void *)a->arg;

	q->capacity = one_in(4) ? one_in(4) ? below(control_count) : control_count : 0;
	q->buffer = (uintptr_t)self->own + ARRAY + below(8);
	q->stride = sizeof(struct milspec_control) + (one_in(4) ? 8 * below(8) : 0);
	a->may |= of(ENOSPC);
}

static void make_training(struct asked *a)
{
	struct milspec_training *q = (void *)a->arg;

	q->operation = one_in(4) ? MILSPEC_TRAINING_FOLLOW : MILSPEC_TRAINING_STATE;
	if (one_in(8))
		a->fd = self->nonblocking;
	if (one_in(8))
		q->operation = MILSPEC_TRAINING_INJECT;
	if (one_in(512))
		q->operation = MILSPEC_TRAINING_STOP;
	q->session = one_in(16) ? below(4) : 0;
	if (q->operation == MILSPEC_TRAINING_INJECT) {
		q->injection = 1 + below(8);
		if (q->injection < MILSPEC_INJECT_CLEAR) {
			q->control = one_in(4) ? 0 : controls[below(control_count)].id;
			q->after = below(3);
		}
		if (q->injection == MILSPEC_INJECT_VALUE || q->injection == MILSPEC_INJECT_TAMPER)
			q->value = below(2);
		else if (q->injection < MILSPEC_INJECT_CLEAR)
			q->count = 1 + below(2);
		if (q->injection == MILSPEC_INJECT_SLOW)
			q->number = below(3);
		a->may |= of(EINVAL) | of(ENOSPC);
	}
	if (q->operation != MILSPEC_TRAINING_STATE && q->operation != MILSPEC_TRAINING_FOLLOW)
		a->may |= of(ESTALE);
	a->may |= of(ENODEV);
}

/* Sees to it that what is cheap stays cheap, and that nothing latches the machine. */
static void tame(struct asked *a, int deep)
{
	struct milspec_apply *q = apply_of(a);
	struct milspec_training *t = (void *)a->arg;
	int copy = is(a, MILSPEC_IOC_APPLY) && q->options & MILSPEC_APPLY_TRAINING;

	if (is(a, MILSPEC_IOC_APPLY) && !copy) {
		q->options &= ~MILSPEC_APPLY_CONFIRM_LATCH;
		/* A list says what the baseline is. */
		if (q->mode == MILSPEC_MODE_BASELINE && q->target_count)
			q->mode = MILSPEC_MODE_STANDARD;
	}
	if (deep || a->must || a->fd != self->rw)
		return;
	if (is(a, MILSPEC_IOC_APPLY) && !copy) {
		q->generation = ~0ull;
		a->must |= of(EAGAIN);
	} else if (is(a, MILSPEC_IOC_REFRESH)) {
		((struct milspec_refresh *)a->arg)->reserved = 1;
		a->must |= of(EINVAL);
	} else if (is(a, MILSPEC_IOC_TRAINING) && t->operation == MILSPEC_TRAINING_START) {
		t->operation = MILSPEC_TRAINING_STATE;
	} else if (is(a, MILSPEC_IOC_TRAINING) && t->operation == MILSPEC_TRAINING_INJECT) {
		if (t->injection == MILSPEC_INJECT_SLOW)
			t->number &= 1, t->count = 1;
	}
}
