// SPDX-License-Identifier: GPL-2.0

/*
 * A second DSML0001, which a driver must leave alone. It is without fault and has one device,
 * SECOND, read-only and active: a driver that takes it shows that. Calls are counted as
 * OTHER_SECOND_DSML.
 */
DefinitionBlock ("", "SSDT", 2, "SIMDEL", "DSML2", 1)
{
    #include "layout.h"

    External (\_SB.PCI0.NVRM.HOOK, MethodObj)

    Scope (\_SB)
    {
        Device (DSM2)
        {
            Name (_HID, "DSML0001")
            Name (_UID, "second")

            Method (_DSM, 4, Serialized)
            {
                \_SB.PCI0.NVRM.HOOK (SPACE_OTHER, OTHER_SECOND_DSML, 0, Arg2)
                If ((Arg0 != ToUUID ("27f19df2-2e28-4240-8e65-d79dedef8ce1")) || (Arg1 != 1))
                {
                    Return (Buffer (1) { 0 })
                }
                Switch (ToInteger (Arg2))
                {
                    Case (0) { Return (Buffer (1) { 0x1F }) }
                    Case (1)
                    {
                        Return (Buffer (36)
                        {
                            0x00, 0x00, 0x00, 0x00, 0x24, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
                            0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x53, 0x45, 0x43, 0x4F,
                            0x4E, 0x44
                        })
                    }
                    Case (2)
                    {
                        Return (Buffer (64)
                        {
                            0x00, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                            0x04, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                            0x53, 0x45, 0x43, 0x4F, 0x4E, 0x44
                        })
                    }
                    Case (3)
                    {
                        Return (Buffer (16)
                        {
                            0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00,
                            0x00, 0x00, 0x00, 0x00
                        })
                    }
                    Case (4)
                    {
                        Return (Buffer (18)
                        {
                            0x00, 0x00, 0x00, 0x00, 0x12, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                            0x01, 0x00, 0x00, 0x00, 0x01, 0x00
                        })
                    }
                }
                Return (Buffer (8) { 1, 0, 0, 0, 8, 0, 0, 0 })
            }
        }
    }
}
