// Boards in the memory of the host: DeviceScript bytecode in the VM of @devicescript/cli. Power, flash, clock, random
// numbers and network are passed in. Only runtime/cli-bundle.ts knows the internals of the CLI.
export { Board, type BoardEvents, type BoardOptions, type ResetReason } from "./board.js"
export { type BoardProfile, boardNames, loadBoardProfile } from "./board-profiles.js"
export { DEFAULT_HEAP_BYTES } from "./runtime/cli-bundle.js"
export { type VmSuiteOptions, type VmSuiteResult, runVmSuite } from "./firmware/vm-suite.js"
export { VmError, type VmErrorKind } from "./vm-error.js"
export { buildFirmware, type Firmware } from "./firmware/build-firmware.js"
export { type Flash, MemoryFlash, fileFlash, memoryFlash } from "./flash/flash-memory.js"
export {
    hasStore,
    readNetwork,
    readProgram,
    readSettings,
    type WifiNetwork,
} from "./flash/settings-partition.js"
export { type BoardLogEntry, subscribeBoardLog } from "./board-log.js"
export { type DialAnswer, type MemoryNetworkOptions, memoryNetwork } from "./network/memory-network.js"
export type {
    ConnectAttempt,
    ConnectFailure,
    ConnectHandler,
    Network,
    NetworkTarget,
} from "./network/network.js"
export {
    validateNetwork,
    programmedFlash,
    writeNetwork,
    writeProgram,
    writeSettings,
} from "./flash/provision-flash.js"
export { type RealNetworkOptions, realNetwork } from "./network/system-network.js"
export { CHUNK_BYTES, COMMAND_QUEUE_LENGTH, TCP_WINDOW_BYTES } from "./network/board-socket.js"
export type { BoardStats, Counters } from "./board-stats.js"
export { type FlashStep, type TearWrite, flashSteps, tornImage } from "./flash/torn-write.js"
export { WifiSwitch } from "./network/wifi-switch.js"
