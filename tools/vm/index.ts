// A board in the host's memory: DeviceScript bytecode in the VM of @devicescript/cli,
// with everything around it (power, flash, clock, chance, network) passed in.
// What is known of the VM's insides is in bundle.ts and nowhere else.
export { Board, type BoardEvents, type BoardOptions, type ResetReason } from "./board.js"
export { type BoardProfile, boardNames, loadBoardProfile } from "./boards.js"
export { DEFAULT_HEAP_BYTES } from "./bundle.js"
export { type DeviceTestOptions, type DeviceTestResult, runDeviceTest } from "./devicetest.js"
export { VmError, type VmErrorKind } from "./errors.js"
export { buildFirmware, type Firmware } from "./firmware.js"
export { type Flash, MemoryFlash, fileFlash, memoryFlash } from "./flash.js"
export { readNetwork, readProgram, readSettings, type WifiNetwork } from "./fstor.js"
export { type DialAnswer, type MemoryNetworkOptions, memoryNetwork } from "./memorynetwork.js"
export type { Attempt, ConnectFailure, ConnectHandler, Network, Target } from "./network.js"
export { networkMistake, programmedFlash, writeNetwork, writeProgram, writeSettings } from "./provision.js"
export { type RealNetworkOptions, realNetwork } from "./realnetwork.js"
export { CHUNK_BYTES, COMMAND_QUEUE_LENGTH, TCP_WINDOW_BYTES } from "./socket.js"
export type { BoardStats, Counters } from "./stats.js"
export { type FlashStep, type Tear, flashSteps, tornImage } from "./tear.js"
