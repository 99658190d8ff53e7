/** Host name of the global device endpoint: every device registers there ("Azure IoT Hub DPS terminology"). */
export const GLOBAL_DEVICE_ENDPOINT = "global.azure-devices-provisioning.net"

/** Domain of the DPS instances and of the global device endpoint. */
export const DPS_DOMAIN = ".azure-devices-provisioning.net"

/** Domain of the IoT hubs. */
export const HUB_DOMAIN = ".azure-devices.net"
