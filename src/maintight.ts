// The memory-tight image: asks DPS for its hub at every boot; flash is never written.
import { moor } from "../devs/agent"
import { recallByLookup } from "../devs/agent/lookupmemory"

moor({ name: "maintight", recall: recallByLookup })
