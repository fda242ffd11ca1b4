// SPDX-License-Identifier: GPL-2.0
/*
 * Has the kernel take away a kernel to be started next that nobody has loaded: whether it says no is
 * whether it takes kernels from root at all.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	puts(syscall(SYS_kexec_load, 0, 0, 0, 0) ? strerror(errno) : "taken");
	return 0;
}
