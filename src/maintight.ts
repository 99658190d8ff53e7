// The memory-tight image: asks DPS for its hub at every boot; flash is never written.
import { moor } from "@moorage/device"
import { recallByLookup } from "@moorage/device/tight"

moor({ name: "maintight", recallAssignment: recallByLookup })
