// The parts of the tight image: it never writes flash and asks DPS for its hub by status lookup.

export { recallByLookup } from "./agent/assignment-from-lookup"
