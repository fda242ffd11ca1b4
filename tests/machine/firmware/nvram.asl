// SPDX-License-Identifier: GPL-2.0

/*
 * Access to the simulated Dell's NVRAM, fault injection, and events from the
 * host. Every other table of this directory stands on this one.
 *
 * The NVRAM is BAR 2 of QEMU's ivshmem device in PCI slot 0x1e: memory of a
 * file that the host reads and writes while the machine runs. layout.h says
 * what is where.
 */
DefinitionBlock ("", "SSDT", 2, "SIMDEL", "NVRAM", 1)
{
    #include "layout.h"

    External (\_SB.PCI0, DeviceObj)
    External (\_SB.AMW0, DeviceObj)
    External (\_SB.WSAR, DeviceObj)
    External (\_SB.DSML, DeviceObj)

    Scope (\_SB.PCI0)
    {
        Device (NVRM)
        {
            Name (_ADR, 0x001E0000)

            OperationRegion (PCFG, PCI_Config, 0, 0x40)
            Field (PCFG, DWordAcc, NoLock, Preserve)
            {
                Offset (0x18),
                BAR2, 32
            }

            // Where the NVRAM is, once it has been seen there. 0: not yet.
            // Not cached before the magic number is read, because PCI set-up
            // writes all ones into a BAR while it measures it.
            Name (BASE, 0)

            Method (MAGI, 1, Serialized)
            {
                OperationRegion (HEAD, SystemMemory, Arg0, 0x10)
                Field (HEAD, DWordAcc, NoLock, Preserve) { MAGC, 32 }
                Return (MAGC)
            }

            // True when the NVRAM can be reached.
            Method (REDY, 0, Serialized)
            {
                If (BASE) { Return (One) }
                Local0 = BAR2 & 0xFFFFFFF0
                If ((Local0 == 0) || (Local0 == 0xFFFFFFF0)) { Return (Zero) }
                If (MAGI (Local0) != NV_MAGIC_VALUE) { Return (Zero) }
                BASE = Local0
                Return (One)
            }

            // Cells, by offset into the NVRAM. An offset outside it is a bug
            // of the caller; it must not become a stray access.
            Method (R8, 1, Serialized)
            {
                If (Arg0 >= NV_SIZE) { Return (Zero) }
                OperationRegion (CELL, SystemMemory, BASE + Arg0, 1)
                Field (CELL, ByteAcc, NoLock, Preserve) { VALU, 8 }
                Return (VALU)
            }

            Method (R16, 1, Serialized)
            {
                If (Arg0 > (NV_SIZE - 2)) { Return (Zero) }
                OperationRegion (CELL, SystemMemory, BASE + Arg0, 2)
                Field (CELL, WordAcc, NoLock, Preserve) { VALU, 16 }
                Return (VALU)
            }

            Method (R32, 1, Serialized)
            {
                If (Arg0 > (NV_SIZE - 4)) { Return (Zero) }
                OperationRegion (CELL, SystemMemory, BASE + Arg0, 4)
                Field (CELL, DWordAcc, NoLock, Preserve) { VALU, 32 }
                Return (VALU)
            }

            Method (W8, 2, Serialized)
            {
                If (Arg0 >= NV_SIZE) { Return (Zero) }
                OperationRegion (CELL, SystemMemory, BASE + Arg0, 1)
                Field (CELL, ByteAcc, NoLock, Preserve) { VALU, 8 }
                VALU = Arg1
                Return (One)
            }

            Method (W16, 2, Serialized)
            {
                If (Arg0 > (NV_SIZE - 2)) { Return (Zero) }
                OperationRegion (CELL, SystemMemory, BASE + Arg0, 2)
                Field (CELL, WordAcc, NoLock, Preserve) { VALU, 16 }
                VALU = Arg1
                Return (One)
            }

            Method (W32, 2, Serialized)
            {
                If (Arg0 > (NV_SIZE - 4)) { Return (Zero) }
                OperationRegion (CELL, SystemMemory, BASE + Arg0, 4)
                Field (CELL, DWordAcc, NoLock, Preserve) { VALU, 32 }
                VALU = Arg1
                Return (One)
            }

            Method (INCR, 1, Serialized)
            {
                OperationRegion (CELL, SystemMemory, BASE + Arg0, 4)
                Field (CELL, DWordAcc, NoLock, Preserve) { VALU, 32 }
                VALU++
            }

            // Arg1 bytes from offset Arg0, as a Buffer (Arg1 1 to 1024).
            // Copied bytewise from fixed windows: a field that is wider than
            // an Integer would do it at once, but its width must be a
            // constant.
            Method (RB64, 1, Serialized)
            {
                OperationRegion (CELL, SystemMemory, BASE + Arg0, 64)
                Field (CELL, DWordAcc, NoLock, Preserve) { VALU, 512 }
                Return (VALU)
            }

            Method (RB32, 1, Serialized)
            {
                OperationRegion (CELL, SystemMemory, BASE + Arg0, 32)
                Field (CELL, DWordAcc, NoLock, Preserve) { VALU, 256 }
                Return (VALU)
            }

            Method (RB36, 1, Serialized)
            {
                OperationRegion (CELL, SystemMemory, BASE + Arg0, 36)
                Field (CELL, DWordAcc, NoLock, Preserve) { VALU, 288 }
                Return (VALU)
            }

            Method (RB51, 1, Serialized)
            {
                OperationRegion (CELL, SystemMemory, BASE + Arg0, 512)
                Field (CELL, DWordAcc, NoLock, Preserve) { VALU, 4096 }
                Return (VALU)
            }

            // Texts, up to the first 0.
            Method (TX32, 1) { Return (ToString (RB32 (Arg0))) }
            Method (TX64, 1) { Return (ToString (RB64 (Arg0))) }

            // Writes the Buffer Arg1 of up to 64 bytes, padded with 0.
            Method (WB64, 2, Serialized)
            {
                OperationRegion (CELL, SystemMemory, BASE + Arg0, 64)
                Field (CELL, DWordAcc, NoLock, Preserve) { VALU, 512 }
                VALU = Arg1
            }

            Method (WB32, 2, Serialized)
            {
                OperationRegion (CELL, SystemMemory, BASE + Arg0, 32)
                Field (CELL, DWordAcc, NoLock, Preserve) { VALU, 256 }
                VALU = Arg1
            }

            // One fault slot: does it match this call? Returns its kind when
            // it strikes, else KIND_NONE; the parameter goes to FPAR.
            Name (FPAR, 0)
            Method (SLOT, 5, Serialized)
            {
                OperationRegion (SLTR, SystemMemory,
                    BASE + (NV_FAULT_SLOTS + (Arg0 * NV_FAULT_SIZE)), NV_FAULT_SIZE)
                Field (SLTR, DWordAcc, NoLock, Preserve)
                {
                    KIND, 32,   // KIND_*
                    SPAC, 32,
                    KEYY, 32,   // ANY or a key
                    SELE, 32,   // ANY or a select
                    ARGU, 32,   // ANY or a location / index
                    SKIP, 32,   // matching calls that still pass
                    TIME, 32,   // strikes left; ANY: for ever
                    PARA, 32,
                    HITS, 32    // strikes so far
                }

                If ((KIND == KIND_NONE) || (TIME == 0)) { Return (KIND_NONE) }
                If (SPAC != Arg1) { Return (KIND_NONE) }
                If ((KEYY != ANY) && (KEYY != Arg2)) { Return (KIND_NONE) }
                If ((SELE != ANY) && (SELE != Arg3)) { Return (KIND_NONE) }
                If ((ARGU != ANY) && (ARGU != Arg4)) { Return (KIND_NONE) }
                If (SKIP)
                {
                    SKIP = SKIP - 1
                    Return (KIND_NONE)
                }
                If (TIME != ANY) { TIME = TIME - 1 }
                HITS = HITS + 1
                FPAR = PARA
                Return (KIND)
            }

            // Every call of the operating system comes through here first.
            // Args: space, key, select, arg. Counts it, logs it, and returns
            // Package { kind, param } of the fault that strikes, if any.
            Method (HOOK, 4, Serialized)
            {
                Local7 = Package (2) { KIND_NONE, 0 }
                If (!REDY ()) { Return (Local7) }

                // To open a window is what costs most of a call. This one
                // stays until the method ends, and what is made within it on
                // the way takes part in it: faults, counters, head of the log.
                OperationRegion (PAGE, SystemMemory, BASE + NV_FAULT_COUNT, 0x1000)
                Field (PAGE, DWordAcc, NoLock, Preserve)
                {
                    FCNT, 32,
                    Offset (0xC00), // NV_LOG_HEAD
                    HEAD, 32
                }

                Local1 = FCNT
                Local0 = Arg1
                If (Local0 >= NV_COUNTER_KEYS) { Local0 = NV_COUNTER_KEYS - 1 }
                INCR (NV_COUNTERS + (Arg0 * NV_COUNTER_STRIDE) + (Local0 * 4))

                Local0 = HEAD
                LOGW (Local0 & (NV_LOG_MAX - 1), Arg0, Arg1, Arg2, Arg3)
                HEAD = Local0 + 1

                If (Local1 > NV_FAULT_MAX) { Local1 = NV_FAULT_MAX }
                Local0 = 0
                While (Local0 < Local1)
                {
                    Local2 = SLOT (Local0, Arg0, Arg1, Arg2, Arg3)
                    If (Local2 == KIND_DELAY)
                    {
                        Sleep (FPAR)
                    }
                    ElseIf (Local2 != KIND_NONE)
                    {
                        Local7[0] = Local2
                        Local7[1] = FPAR
                        Break
                    }
                    Local0++
                }
                Return (Local7)
            }

            Method (LOGW, 5, Serialized)
            {
                OperationRegion (LOGR, SystemMemory,
                    BASE + (NV_LOG + (Arg0 * NV_LOG_ENTRY)), NV_LOG_ENTRY)
                Field (LOGR, DWordAcc, NoLock, Preserve)
                {
                    LSPC, 32, LKEY, 32, LSEL, 32, LARG, 32
                }
                LSPC = Arg1
                LKEY = Arg2
                LSEL = Arg3
                LARG = Arg4
            }

            // Returns nothing. Here, because a compiler that sees it beside its
            // caller refuses what is wanted: a method without a value.
            Method (VOID, 0) {}

            // ---- locations ----------------------------------------------

            Method (LOCA, 1) // entry of location Arg0
            {
                Return (NV_LOCATIONS + ((Arg0 & 0xFFFF) * NV_LOCATION_SIZE))
            }

            Method (LGET, 1) // what reading location Arg0 shows
            {
                Return (R16 (LOCA (R16 (LOCA (Arg0) + LOC_CELL)) + LOC_VALUE))
            }

            // Stores Arg1 in location Arg0. When each value of a setting has a
            // location of its own, storing anything but 0 clears the others.
            Method (LSET, 2, Serialized)
            {
                Local0 = LOCA (Arg0)
                W16 (LOCA (R16 (Local0 + LOC_CELL)) + LOC_VALUE, Arg1)
                If ((R8 (Local0 + LOC_FLAGS) & LOC_ONE_HOT) && (Arg1 != 0))
                {
                    Local1 = R16 (Local0 + LOC_NEXT)
                    // A ring is short; the bound is for a damaged one.
                    Local2 = 0
                    While ((Local1 != Arg0) && (Local2 < 64))
                    {
                        W16 (LOCA (Local1) + LOC_VALUE, 0)
                        Local1 = R16 (LOCA (Local1) + LOC_NEXT)
                        Local2++
                    }
                }
            }

            // ---- events from the host --------------------------------------

            Method (_INI, 0)
            {
                // Wrong passwords are forgotten at power-on, which is chosen;
                // nobody has asked for events yet.
                If (REDY ())
                {
                    W32 (NV_PW_TRIES, 0)
                    W32 (NV_WMI_EVENTS, 0)
                }
            }
        }

        // The host raises interrupt 7 after it has put an event into NVRAM.
        Device (GED0)
        {
            Name (_HID, "ACPI0013")
            Name (_UID, "HOST")
            Name (_CRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive,,,) { 7 }
            })

            Method (_EVT, 1, Serialized)
            {
                If (!^^NVRM.REDY ()) { Return }

                Local0 = ^^NVRM.R32 (NV_EVENT_TOLD)
                Local1 = ^^NVRM.R32 (NV_EVENT_HEAD)
                While (Local0 != Local1)
                {
                    // Whether the operating system wants events or not.
                    If (CondRefOf (\_SB.AMW0)) { Notify (\_SB.AMW0, 0xD0) }
                    Local0++
                }
                ^^NVRM.W32 (NV_EVENT_TOLD, Local0)

                Local0 = ^^NVRM.R32 (NV_FOREIGN_DONE)
                Local1 = ^^NVRM.R32 (NV_FOREIGN_HEAD)
                While (Local0 != Local1)
                {
                    If (CondRefOf (\_SB.WSAR)) { Notify (\_SB.WSAR, 0xD0) }
                    Local0++
                }
                ^^NVRM.W32 (NV_FOREIGN_DONE, Local0)

                Local0 = ^^NVRM.R32 (NV_NOTIFY_DONE)
                Local1 = ^^NVRM.R32 (NV_NOTIFY_HEAD)
                While (Local0 != Local1)
                {
                    Local2 = ^^NVRM.R32 (NV_NOTIFY_SLOTS + ((Local0 & (NV_NOTIFY_MAX - 1)) * 4))
                    If (CondRefOf (\_SB.DSML)) { Notify (\_SB.DSML, Local2) }
                    Local0++
                }
                ^^NVRM.W32 (NV_NOTIFY_DONE, Local0)
            }
        }
    }
}
