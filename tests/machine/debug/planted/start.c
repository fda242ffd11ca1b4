// SPDX-License-Identifier: GPL-2.0
/* `insmod planted.ko fault=NAME`: what module! of the older series has no parameter for. */
#include <linux/moduleparam.h>

char *planted_fault = "";
module_param_named(fault, planted_fault, charp, 0);
