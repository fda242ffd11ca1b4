/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layout of the simulated Dell's NVRAM: 1 MiB that firmware (these tables) and
 * the host (tests/machine/src/nvram) both read and write.
 *
 * The same numbers stand in ../src/nvram/layout.rs; a host test compares the two files.
 * All cells are little-endian. "H->F": written by the host, read by firmware.
 */

/* ---- Header: what this file is --------------------------------------- */
#define NV_MAGIC            0x00000000 /* 'SDNV' */
#define NV_MAGIC_VALUE      0x564E4453
#define NV_VERSION          0x00000004
#define NV_SIZE             0x00100000

/* ---- Faults: what the host wants to go wrong (H->F) ------------------- */
#define NV_FAULT_COUNT      0x00001000 /* slots to look at */
#define NV_FAULT_SERIAL     0x00001004 /* H only: faults ever put in place    */
#define NV_FAULT_SLOTS      0x00001400
#define NV_FAULT_SIZE       0x00000040
#define NV_FAULT_MAX        16

#define SPACE_SMBIOS        0 /* key: class, select: select, arg: location */
#define SPACE_DSML          1 /* key: function, select: 0, arg: index      */
#define SPACE_SYSMAN        2 /* key: SYSMAN_*, select: instance, arg: 0    */
#define SPACE_OTHER         3 /* key: OTHER_*                               */
#define ANY                 0xFFFFFFFF

#define SYSMAN_QUERY        0
#define SYSMAN_SET          1
#define SYSMAN_DEFAULTS     2
#define SYSMAN_PASSWORD     3
#define OTHER_PRIVACY       0
#define OTHER_EVENT_DATA    1
#define OTHER_SECOND_DSML   2 /* arg: function                              */

#define KIND_NONE           0
#define KIND_FAIL           1 /* answer with status `param`, do nothing    */
#define KIND_IGNORE         2 /* leave the caller's buffer as it came       */
#define KIND_READBACK       3 /* do it, but report the value `param`        */
#define KIND_DELAY          4 /* sleep `param` ms, then go on               */
#define KIND_LIE            5 /* report success, change nothing             */
#define KIND_STATUS         6 /* do it, but report status `param`           */
/* Only for functions that return an object of their own (DSML0001). */
#define KIND_INTEGER        16 /* return the Integer `param`                */
#define KIND_STRING         17 /* return a String                           */
#define KIND_PACKAGE        18 /* return a Package with the right Buffer    */
#define KIND_NOTHING        19 /* return nothing at all                     */
#define KIND_ABORT          20 /* the method ends with an AML error         */
#define KIND_SIZE           21 /* Buffer of `param` bytes, header unchanged */
#define KIND_LENGTH         22 /* header says `param` bytes, Buffer is right*/
#define KIND_GROW           23 /* `param` bytes more, header says so        */
#define KIND_BARE           24 /* status `param` in 8 bytes, do nothing     */

/* ---- Counters and log (F->H) ------------------------------------------ */
#define NV_COUNTERS         0x00001800 /* 4 spaces x 64 keys x u32          */
#define NV_COUNTER_STRIDE   0x00000100
#define NV_COUNTER_KEYS     64
#define NV_LOG_HEAD         0x00001C00 /* entries ever written              */
#define NV_LOG              0x00002000
#define NV_LOG_ENTRY        0x00000010
#define NV_LOG_MAX          1024

/* ---- Events from the host ---------------------------------------------- */
#define NV_EVENT_HEAD       0x00006000 /* H->F: events ever raised          */
#define NV_EVENT_TOLD       0x00006004 /* F->H: Notify done for this many   */
#define NV_EVENT_TAKEN      0x00006008 /* F->H: _WED returned this many     */
#define NV_EVENT_ASKED      0x0000600C /* F->H: _WED was asked so often     */
#define NV_NOTIFY_HEAD      0x00006010 /* H->F: DSML0001 notifications      */
#define NV_NOTIFY_DONE      0x00006014 /* F->H                              */
#define NV_FOREIGN_HEAD     0x00006018 /* H->F: Notify of the foreign device*/
#define NV_FOREIGN_DONE     0x0000601C /* F->H                              */
#define NV_FOREIGN_ASKED    0x00006020 /* F->H: its _WED was asked so often */
#define NV_EVENT_SLOTS      0x00006100
#define NV_EVENT_SIZE       0x00000040
#define NV_EVENT_MAX        16
#define NV_NOTIFY_SLOTS     0x00006600 /* u32 each                          */
#define NV_NOTIFY_MAX       16

/* ---- Administrator password -------------------------------------------- */
#define NV_PW_SET           0x00007000 /* 1 when a password is installed    */
#define NV_PW_KEY           0x00007004 /* security key, 16 bits             */
#define NV_PW_TRIES         0x00007008 /* wrong answers since power-on      */
#define NV_PW_MAX_TRIES     0x0000700C
#define NV_PW_MIN_LEN       0x00007010
#define NV_PW_MAX_LEN       0x00007014
#define NV_PW_SILENT        0x00007018 /* refuse writes but report success  */
#define NV_PW_TEXT          0x00007040 /* padded with 0                     */
#define NV_PW_TEXT_LEN      32

/* ---- Privacy block ------------------------------------------------------ */
#define NV_PRIVACY_HAS      0x00007100 /* bit 0 mic, 1 camera, 2 screen      */
#define NV_PRIVACY_NOW      0x00007104

/* ---- What the WMI tables of this machine are ---------------------------- */
#define NV_WMI_VERSION      0x00007200 /* descriptor: version of interface  */
#define NV_WMI_SIZE         0x00007204 /* bytes of a call                   */
#define NV_WMI_HOTFIX       0x00007208
#define NV_WMI_LIMIT        0x0000720C /* bytes that SMM takes; 0: the size */
#define NV_WMI_PRIVACY      0x00007210 /* 1 when there is a privacy block   */
#define NV_WMI_EVENTS       0x00007214 /* F->H: what WED0 was told last     */
#define NV_SYSMAN_READ_ONLY 0x00007218 /* where ReadOnly stands in packages */
#define READ_ONLY_ABSENT    0
#define READ_ONLY_FIRST     1
#define READ_ONLY_LAST      2

/* ---- dell-wmi-sysman attributes ----------------------------------------- */
#define NV_ATTR_RANGES      0x00008000 /* per kind: u32 first, u32 count     */
#define ATTR_ENUM           0
#define ATTR_INT            1
#define ATTR_STR            2
#define ATTR_PASSWORD       3
#define NV_ATTRS            0x00020000
#define NV_ATTR_SIZE        0x00000500
#define NV_ATTR_MAX         256
#define ATTR_FLAGS          0x00000000 /* bit 0 read-only, bit 1 linked      */
#define ATTR_DEFAULT_INT    0x00000004
#define ATTR_CURRENT_INT    0x00000008
#define ATTR_MIN            0x0000000C
#define ATTR_MAX            0x00000010
#define ATTR_STEP           0x00000014
#define ATTR_VALUES         0x00000018 /* number of possible values          */
#define ATTR_NAME           0x00000020 /* 32 bytes, 0-terminated             */
#define ATTR_NAME_LEN       32
#define ATTR_DISPLAY        0x00000040 /* 64 bytes                           */
#define ATTR_DEFAULT        0x00000080
#define ATTR_CURRENT        0x000000C0
#define ATTR_TEXT_LEN       64
#define ATTR_VALUE          0x00000100 /* 24 x 32 bytes                      */
#define ATTR_VALUE_LEN      32
#define ATTR_VALUE_MAX      24
#define ATTR_LINK           0x00000400 /* per value: u16 location, u16 value */

/* ---- DSML0001 ------------------------------------------------------------ */
#define NV_DSML_STA         0x00009000 /* what _STA returns                  */
#define NV_DSML_CHANGES     0x00009004 /* F: changes that firmware has made  */
#define NV_DSML_STATE_COUNT 0x00009008 /* devices in STATE_ALL               */
#define NV_DSML_COUNT       0x0000900C /* indices that exist                 */
#define NV_DSML_QUERY       0x00009010 /* mask that function 0 returns       */
#define NV_DSML_BY_HOST     0x00009014 /* H: those of the host; the change   */
                                       /* count is the sum of both           */
#define NV_DSML_IDENTITY    0x00009100 /* the answer of function 1, 36 bytes */
#define NV_DSML_DESCRIPTOR  0x00010000 /* the answers of function 2          */
#define NV_DSML_DESC_SIZE   64
#define NV_DSML_STATE       0x00018000 /* per device: u8 state, u8 flags      */
#define NV_DSML_MAX         256

/* ---- Locations: the cells behind SMBIOS tokens --------------------------- */
#define NV_LOCATIONS        0x00080000 /* 65536 entries, index = location    */
#define NV_LOCATION_SIZE    8
#define LOC_VALUE           0 /* u16: what the cell holds                    */
#define LOC_FLAGS           2 /* u8                                          */
#define LOC_MAX             3 /* u8: largest value that may be written       */
#define LOC_MAX_ANY         0xFF /* ... or any that 16 bits hold            */
#define LOC_NEXT            4 /* u16: next location of a one-hot setting     */
#define LOC_CELL            6 /* u16: location whose value this one shows    */
#define LOC_PRESENT         0x01
#define LOC_READ_ONLY       0x02
#define LOC_ONE_HOT         0x04 /* writing 1 clears the others of the ring  */
