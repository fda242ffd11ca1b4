// SPDX-License-Identifier: GPL-2.0

/*
 * DSML0001 as docs/dsmil-interface.md specifies it. The answers of IDENTITY
 * and DESCRIBE lie whole in NVRAM; states change there.
 */
DefinitionBlock ("", "SSDT", 2, "SIMDEL", "DSML", 1)
{
    #include "layout.h"

    External (\_SB.PCI0.NVRM.BASE, IntObj)
    External (\_SB.PCI0.NVRM.REDY, MethodObj)
    External (\_SB.PCI0.NVRM.HOOK, MethodObj)
    External (\_SB.PCI0.NVRM.R8, MethodObj)
    External (\_SB.PCI0.NVRM.R32, MethodObj)
    External (\_SB.PCI0.NVRM.W8, MethodObj)
    External (\_SB.PCI0.NVRM.W32, MethodObj)
    External (\_SB.PCI0.NVRM.VOID, MethodObj)
    External (\_SB.PCI0.NVRM.RB36, MethodObj)
    External (\_SB.PCI0.NVRM.RB51, MethodObj)
    External (\_SB.PCI0.NVRM.RB64, MethodObj)

    Scope (\_SB)
    {
        Device (DSML)
        {
            Name (_HID, "DSML0001")

            Method (_STA, 0, Serialized)
            {
                // Before the NVRAM can be reached the device counts as there:
                // firmware cannot announce it later.
                If (!\_SB.PCI0.NVRM.REDY ()) { Return (0x0F) }
                Return (\_SB.PCI0.NVRM.R32 (NV_DSML_STA))
            }

            // Argument Arg1 of the Package Arg0. Ones when it is missing or
            // no Integer: no argument may be that large.
            Method (ARGN, 2, Serialized)
            {
                If (ObjectType (Arg0) != 4) { Return (Ones) }
                If (Arg1 >= SizeOf (Arg0)) { Return (Ones) }
                If (ObjectType (DerefOf (Arg0[Arg1])) != 1) { Return (Ones) }
                Return (DerefOf (Arg0[Arg1]))
            }

            // An answer of 8 bytes: a status and nothing else.
            Method (STAT, 1, Serialized)
            {
                Local0 = Buffer (8) { 0, 0, 0, 0, 8, 0, 0, 0 }
                CreateDWordField (Local0, 0, STTS)
                STTS = Arg0
                Return (Local0)
            }

            // The change count. Host and firmware each count what they have
            // changed, in a cell that the other does not write.
            Method (CHGS, 0, Serialized)
            {
                Return (\_SB.PCI0.NVRM.R32 (NV_DSML_CHANGES) + \_SB.PCI0.NVRM.R32 (NV_DSML_BY_HOST))
            }

            // Function 1.
            Method (IDEN, 0, Serialized)
            {
                Local0 = \_SB.PCI0.NVRM.RB36 (NV_DSML_IDENTITY)
                CreateDWordField (Local0, 16, CHNG)
                CHNG = CHGS ()
                Return (Local0)
            }

            // Function 2.
            Method (DESC, 1, Serialized)
            {
                If (Arg0 == Ones) { Return (STAT (3)) }
                If (Arg0 >= \_SB.PCI0.NVRM.R32 (NV_DSML_COUNT)) { Return (STAT (2)) }
                Return (\_SB.PCI0.NVRM.RB64 (NV_DSML_DESCRIPTOR + (Arg0 * NV_DSML_DESC_SIZE)))
            }

            // The 16 bytes of STATE for device Arg0, with status Arg1.
            Method (SNOW, 2, Serialized)
            {
                Local0 = Buffer (16) { 0, 0, 0, 0, 16, 0, 0, 0 }
                CreateDWordField (Local0, 0, STTS)
                CreateWordField (Local0, 8, INDX)
                CreateByteField (Local0, 10, STTE)
                CreateByteField (Local0, 11, FLAG)
                CreateDWordField (Local0, 12, CHNG)
                STTS = Arg1
                INDX = Arg0
                STTE = \_SB.PCI0.NVRM.R8 (NV_DSML_STATE + (Arg0 * 2))
                FLAG = \_SB.PCI0.NVRM.R8 (NV_DSML_STATE + (Arg0 * 2) + 1)
                CHNG = CHGS ()
                Return (Local0)
            }

            // Function 3.
            Method (SONE, 1, Serialized)
            {
                If (Arg0 == Ones) { Return (STAT (3)) }
                If (Arg0 >= \_SB.PCI0.NVRM.R32 (NV_DSML_COUNT)) { Return (STAT (2)) }
                Return (SNOW (Arg0, 0))
            }

            // Function 4. One copy of the whole area: no call comes between.
            Method (SALL, 0, Serialized)
            {
                Local1 = \_SB.PCI0.NVRM.R32 (NV_DSML_STATE_COUNT)
                If (Local1 > NV_DSML_MAX) { Local1 = NV_DSML_MAX }
                Local2 = 16 + (Local1 * 2)
                Local0 = Buffer (16) {}
                CreateDWordField (Local0, 4, LENG)
                CreateDWordField (Local0, 8, CHNG)
                CreateWordField (Local0, 12, CONT)
                LENG = Local2
                CHNG = CHGS ()
                CONT = Local1
                Local3 = \_SB.PCI0.NVRM.RB51 (NV_DSML_STATE)
                Return (Concatenate (Local0, Mid (Local3, 0, Local1 * 2)))
            }

            // Function 5. Args: index, expected, new, what goes wrong.
            Method (SETI, 4, Serialized)
            {
                If ((Arg0 == Ones) || (Arg1 == Ones) || (Arg2 == Ones)) { Return (STAT (3)) }
                If (Arg0 >= \_SB.PCI0.NVRM.R32 (NV_DSML_COUNT)) { Return (STAT (2)) }
                If ((Arg1 > 0xFF) || (Arg2 > 1)) { Return (SNOW (Arg0, 3)) }
                // Quarantined and read-only devices are never switched.
                Local0 = \_SB.PCI0.NVRM.R8 (NV_DSML_DESCRIPTOR + (Arg0 * NV_DSML_DESC_SIZE) + 12)
                If (Local0 >= 3) { Return (SNOW (Arg0, 5)) }
                Local1 = NV_DSML_STATE + (Arg0 * 2)
                If (\_SB.PCI0.NVRM.R8 (Local1) != Arg1) { Return (SNOW (Arg0, 4)) }
                If ((Arg1 != Arg2) && (Arg3 != KIND_LIE))
                {
                    \_SB.PCI0.NVRM.W8 (Local1, Arg2)
                    \_SB.PCI0.NVRM.W32 (NV_DSML_CHANGES, \_SB.PCI0.NVRM.R32 (NV_DSML_CHANGES) + 1)
                }
                Local2 = SNOW (Arg0, 0)
                // A liar's answer shows what was asked for.
                If (Arg3 == KIND_LIE) { Local2[10] = Arg2 }
                Return (Local2)
            }

            // What goes wrong with the Buffer Arg0: kind Arg1, parameter Arg2.
            Method (SPOI, 3, Serialized)
            {
                Switch (ToInteger (Arg1))
                {
                    Case (KIND_INTEGER) { Return (Arg2) }
                    Case (KIND_STRING) { Return ("not a buffer") }
                    Case (KIND_PACKAGE)
                    {
                        Local0 = Package (1) {}
                        Local0[0] = Arg0
                        Return (Local0)
                    }
                    // Index beyond a Buffer: the interpreter ends the method.
                    Case (KIND_ABORT) { Local0 = DerefOf (Arg0[0x7FFFFFFF]) }
                    Case (KIND_SIZE)
                    {
                        // A Buffer must have a byte; 0 asks for none.
                        If (Arg2 == 0) { Return (Buffer (0) {}) }
                        Local0 = Buffer (Arg2) {}
                        Local1 = 0
                        While ((Local1 < Arg2) && (Local1 < SizeOf (Arg0)))
                        {
                            Local0[Local1] = DerefOf (Arg0[Local1])
                            Local1++
                        }
                        Return (Local0)
                    }
                    Case (KIND_LENGTH)
                    {
                        CreateDWordField (Arg0, 4, LENG)
                        LENG = Arg2
                        Return (Arg0)
                    }
                    Case (KIND_GROW)
                    {
                        Local0 = Concatenate (Arg0, Buffer (Arg2) {})
                        CreateDWordField (Local0, 4, LENH)
                        LENH = SizeOf (Local0)
                        Return (Local0)
                    }
                    Case (KIND_READBACK)
                    {
                        // STATE and SET_IF show another state.
                        If (SizeOf (Arg0) == 16) { Arg0[10] = Arg2 }
                        Return (Arg0)
                    }
                    Case (KIND_STATUS)
                    {
                        CreateDWordField (Arg0, 0, STTS)
                        STTS = Arg2
                        Return (Arg0)
                    }
                }
                Return (Arg0)
            }

            Method (_DSM, 4, Serialized)
            {
                If (Arg0 != ToUUID ("27f19df2-2e28-4240-8e65-d79dedef8ce1"))
                {
                    Return (Buffer (1) { 0 })
                }
                // A revision that is not offered has no functions.
                If (Arg1 != 1)
                {
                    If (Arg2 == 0) { Return (Buffer (1) { 0 }) }
                    Return (STAT (1))
                }
                If (!\_SB.PCI0.NVRM.REDY ())
                {
                    // As if it were not offered: IDENTITY never says BUSY.
                    If (Arg2 == 0) { Return (Buffer (1) { 0 }) }
                    Return (STAT (1))
                }

                // Windows that stay open until the method ends: see HOOK. To
                // look through one opens it.
                OperationRegion (WIN1, SystemMemory, \_SB.PCI0.NVRM.BASE + NV_DSML_STA, 0x1000)
                Field (WIN1, DWordAcc, NoLock, Preserve) { LOK1, 32 }
                OperationRegion (WIN2, SystemMemory, \_SB.PCI0.NVRM.BASE + NV_DSML_STATE, 0x1000)
                Field (WIN2, DWordAcc, NoLock, Preserve) { LOK2, 32 }
                Local0 = LOK1
                Local0 = LOK2

                Local5 = ARGN (Arg3, 0)
                Local7 = \_SB.PCI0.NVRM.HOOK (SPACE_DSML, Arg2, 0, Local5)
                Local6 = DerefOf (Local7[0])
                Local7 = DerefOf (Local7[1])
                If (Local6 == KIND_NOTHING) { Return (\_SB.PCI0.NVRM.VOID ()) }
                If (Local6 == KIND_BARE) { Return (STAT (Local7)) }
                If ((Local6 == KIND_FAIL) && (Arg2 != 0))
                {
                    // A refused SET_IF shows the device as it is.
                    If ((Arg2 == 5) && (Local5 < \_SB.PCI0.NVRM.R32 (NV_DSML_COUNT)) && (Local7 >= 4))
                    {
                        Return (SNOW (Local5, Local7))
                    }
                    Return (STAT (Local7))
                }

                Switch (ToInteger (Arg2))
                {
                    Case (0)
                    {
                        Local0 = Buffer (1) {}
                        Local0[0] = \_SB.PCI0.NVRM.R32 (NV_DSML_QUERY)
                    }
                    Case (1) { Local0 = IDEN () }
                    Case (2) { Local0 = DESC (Local5) }
                    Case (3) { Local0 = SONE (Local5) }
                    Case (4) { Local0 = SALL () }
                    Case (5)
                    {
                        If (\_SB.PCI0.NVRM.R32 (NV_DSML_QUERY) & 0x20)
                        {
                            Local0 = SETI (Local5, ARGN (Arg3, 1), ARGN (Arg3, 2), Local6)
                        }
                        Else
                        {
                            Local0 = STAT (1)
                        }
                    }
                    Default { Local0 = STAT (1) }
                }
                If (Local6 != KIND_NONE) { Return (SPOI (Local0, Local6, Local7)) }
                Return (Local0)
            }
        }
    }
}
