/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What of the module's code calls have reached: where the kernel has KCOV, and the module was compiled
 * for it, both of which the debug kernel's are. What runs elsewhere for a call, in a worker of the
 * kernel or of a ring, is not seen.
 */
#include <sys/ioctl.h>

#define COVER_FILE "/sys/kernel/debug/kcov"
#define COVER_TEXT "/sys/module/dell_milspec/sections/.text"
/* Offsets in .text, of 32 bits each. */
#define COVER_REACHED "/tmp/reached"
/* Places that are seen of a call: a plan over all controls passes some hundred thousand. */
#define COVER_PLACES (1u << 20)
/* More than .text has. */
#define COVER_MOST (4u << 20)
/* linux/kcov.h has these for callers of 64 bits alone. */
#define COVER_INIT 0x80086301u
#define COVER_ENABLE 0x6364u

static uint64_t cover_text;
static unsigned char cover_reached[COVER_MOST];
/* Calls of which not all was seen. */
static _Atomic unsigned int cover_cut;
static _Thread_local volatile uint64_t *cover;
/* Some thread's calls are seen. */
static _Atomic int cover_begun;

static void find_cover(void)
{
	FILE *file = fopen(COVER_TEXT, "r");
	unsigned long long text;

	if (file && fscanf(file, "%llx", &text) == 1)
		cover_text = text;
	if (file)
		fclose(file);
}

/* Begins it for this thread. */
static void begin_cover(void)
{
	int fd = cover_text ? open(COVER_FILE, O_RDWR | O_CLOEXEC) : -1;
	void *memory;

	if (fd < 0)
		return;
	if (ioctl(fd, COVER_INIT, (unsigned long)COVER_PLACES))
		die("KCOV_INIT_TRACE");
	memory = mmap(NULL, COVER_PLACES * sizeof(*cover), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED || ioctl(fd, COVER_ENABLE, 0ul))
		die("KCOV_ENABLE");
	cover = memory;
	cover_begun = 1;
}

/* Takes what the last call has reached. */
static void take_cover(void)
{
	uint64_t count = cover ? cover[0] : 0;

	for (uint64_t i = 1; i <= count && i < COVER_PLACES; i++)
		if (cover[i] - cover_text < COVER_MOST)
			cover_reached[cover[i] - cover_text] = 1;
	if (count >= COVER_PLACES - 1)
		cover_cut++;
	if (cover)
		cover[0] = 0;
}

static void report_cover(void)
{
	FILE *file = cover_begun ? fopen(COVER_REACHED, "w") : NULL;

	if (!file)
		return;
	printf("cover cut-off %u\n", cover_cut);
	for (uint32_t offset = 0; offset < COVER_MOST; offset++)
		if (cover_reached[offset] && fwrite(&offset, sizeof(offset), 1, file) != 1)
			die(COVER_REACHED);
	if (fclose(file))
		die(COVER_REACHED);
}
