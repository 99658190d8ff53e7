// What is true of Azure IoT for every client: the emulator, the host tool and the simulator use it.

export * from "./device-keys.js"
export * from "./host-names.js"
export * from "./property-bag.js"
export * from "./registration-id.js"
export * from "./sas.js"
