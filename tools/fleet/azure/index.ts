// Clients of the service APIs of DPS and IoT Hub, real or emulated: settings, signatures, HTTPS, rate limit and retries.

export { CloudError, type CloudErrorKind, CloudSettingsError } from "./cloud-errors.js"
export {
    type CloudOptions,
    type CloudEnvironment,
    type CloudSettings,
    resolveCloudSettings,
} from "./cloud-settings.js"
export { type HostAddress, parseHostAddress } from "./connection-profile.js"
export { DpsApi, type EnrollmentRecord, type RegistrationRecord } from "./dps-api.js"
export { HubApi, type MethodResponse } from "./hub-api.js"
export {
    DPS_CALLS_PER_SEC,
    GIVE_UP_AFTER_SEC,
    openServices,
    type OpenServicesOptions,
    type Services,
} from "./open-services.js"
export { RateLimiter, wait } from "./rate-limiter.js"
export { ServiceAccess } from "./service-access.js"
