// SPDX-License-Identifier: GPL-2.0
/* What an answer may be: by the description, and by what was asked. */

static int is_zero(const unsigned char *at, size_t size)
{
	while (size--)
		if (*at++)
			return 0;
	return 1;
}

static int is_all(const unsigned char *at, size_t size, unsigned char byte)
{
	while (size--)
		if (*at++ != byte)
			return 0;
	return 1;
}

static int is_listed(const struct fuzz_field *field, uint64_t number)
{
	for (unsigned int i = 0; i < field->number_count; i++)
		if (field->numbers[i] == number)
			return 1;
	return 0;
}

static uint64_t known_bits(const struct fuzz_field *field)
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < field->number_count; i++)
		bits |= field->numbers[i];
	return bits;
}

/* Whether a number is one that a field that the driver has filled can have. */
static int can_be(const struct fuzz_field *field, uint64_t number)
{
	switch (field->kind) {
	case FUZZ_RESERVED:
		return number == 0;
	case FUZZ_BITS:
		return !(number & ~known_bits(field));
	case FUZZ_NAMED:
		return is_listed(field, number);
	case FUZZ_INDEX:
		return number < MILSPEC_CONTROL_VALUES || number == MILSPEC_INDEX_NONE;
	case FUZZ_ERRNO:
		return number <= 4095;
	default:
		return 1;
	}
}

/* Checks what the driver has written at `at`. What it has only read is as it `was`. */
static void check_answer(const char *what, const struct fuzz_type *type, const unsigned char *at,
			 const unsigned char *was)
{
	for (unsigned int i = 0; i < type->field_count; i++) {
		const struct fuzz_field *f = &type->fields[i];
		const unsigned char *field = at + f->offset;
		uint64_t number = 0;
		int ok = 1;

		if (f->kind == FUZZ_STRUCT) {
			for (unsigned int n = 0; n < f->count; n++)
				check_answer(what, f->of, field + n * f->width,
					     was ? was + f->offset + n * f->width : NULL);
			continue;
		}
		if (f->answered && f->kind != FUZZ_BYTES)
			for (unsigned int n = 0; ok && n < f->count; n++)
				ok = can_be(f, number = number_at(field + n * f->width, f->width));
		else if (was && f->asked && !f->answered)
			number = number_at(field, f->width),
			ok = !memcmp(field, was + f->offset, f->width * f->count);
		if (!ok)
			broken("%s: %s.%s is %#llx%s", what, type->name, f->name,
			       (unsigned long long)number,
			       f->answered ? "" : ", and was another one");
	}
}

/* Checks some of the elements of an array that the driver has filled. */
static void check_array(const char *what, const struct fuzz_type *type, const unsigned char *at,
			uint32_t number, uint32_t stride)
{
	for (uint32_t i = 0; number && i < 4; i++) {
		const unsigned char *element = at + (size_t)(i ? below(number) : number - 1) * stride;

		check_answer(what, type, element, NULL);
		if (stride > type->size && !is_zero(element + type->size, stride - type->size))
			broken("%s: what the driver does not know of %s is not zero", what,
			       type->name);
	}
}

/* Errors of an apply with which its answer is filled, and the outcome that each stands for. */
static int outcome_of(int error)
{
	switch (error) {
	case 0:
		return MILSPEC_OUTCOME_DONE;
	case EACCES:
		return MILSPEC_OUTCOME_REFUSED;
	case ECANCELED:
		return MILSPEC_OUTCOME_UNDONE;
	case EIO:
		return MILSPEC_OUTCOME_DEGRADED;
	case EBUSY:
		return MILSPEC_OUTCOME_CONFLICT;
	default:
		return -1;
	}
}

static void check_plan(const char *what, int is_apply, int error, const struct milspec_apply *q)
{
	int planned = q->outcome == MILSPEC_OUTCOME_PLANNED ||
		      q->outcome == MILSPEC_OUTCOME_REFUSED;

	if (is_apply ? q->outcome != outcome_of(error) : !planned)
		broken("%s: %s, but outcome %u", what, error_name(error), q->outcome);
	if ((q->reason != MILSPEC_REASON_NONE) != (q->outcome == MILSPEC_OUTCOME_REFUSED))
		broken("%s: outcome %u for reason %u", what, q->outcome, q->reason);
	if (q->security_key)
		broken("%s: the key comes back", what);
	if ((q->request != 0) != is_apply)
		broken("%s: request %llu", what, (unsigned long long)q->request);
	if (q->step_capacity && q->step_count > q->step_capacity)
		broken("%s: %u steps where there is room for %u", what, q->step_count,
		       q->step_capacity);
}

/* What a request that has failed has left as it was: all of it but these. */
static void check_left(const char *what, int is_apply, int error, unsigned char *at,
		       const unsigned char *was, uint32_t size)
{
	struct milspec_apply *now = (void *)at;

	if (is_apply && size >= sizeof(*now)) {
		memcpy(&now->request, was + offsetof(struct milspec_apply, request), 8);
		if (error == ENOSPC)
			memcpy(&now->step_count, was + offsetof(struct milspec_apply, step_count), 4);
	}
	if (memcmp(at, was, size))
		broken("%s: %s, and the answer is not as it was", what, error_name(error));
}
