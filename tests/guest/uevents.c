// SPDX-License-Identifier: GPL-2.0
/*
 * Hears what the kernel says of firmware-attributes devices, and looks at once at what there is then:
 * for each event a line with its action, the name of the device, and the numbers of directories below
 * its "attributes", of files beside them, and of files in them. Begins with a line "ready".
 */
#include <dirent.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Entries of a directory that are directories, or are not. */
static int count(const char *path, int directories, int *below)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char sub[1024];
	int found = 0;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if ((entry->d_type == DT_DIR) == directories)
			found++;
		if (below && entry->d_type == DT_DIR) {
			snprintf(sub, sizeof(sub), "%s/%s", path, entry->d_name);
			*below += count(sub, 0, NULL);
		}
	}
	if (dir)
		closedir(dir);
	return found;
}

int main(void)
{
	static const char class[] = "/devices/virtual/firmware-attributes/";
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);
	char event[4096], path[1024];

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return 1;
	setvbuf(stdout, NULL, _IONBF, 0);
	printf("ready\n");
	for (;;) {
		ssize_t size = recv(fd, event, sizeof(event) - 1, 0);
		char *device;
		int files = 0, directories;

		if (size < 0)
			return 1;
		/* ACTION@DEVPATH, and variables behind it. */
		event[size] = 0;
		device = strchr(event, '@');
		if (!device || strncmp(device + 1, class, strlen(class)))
			continue;
		*device++ = 0;
		snprintf(path, sizeof(path), "/sys%s/attributes", device);
		directories = count(path, 1, &files);
		printf("%s %s %d %d %d\n", event, device + strlen(class), directories,
		       count(path, 0, NULL), files);
	}
}
