// The tight image: asks DPS for its assignment at every boot and never writes flash.
import { moor } from "@moorage/device"
import { recallByLookup } from "@moorage/device/tight"

moor({ name: "maintight", recallAssignment: recallByLookup })
