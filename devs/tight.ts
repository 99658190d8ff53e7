// The parts of the tight image: it never writes flash and asks DPS for its assignment by status lookup.

export { recallByLookup } from "./agent/assignment-from-lookup"
