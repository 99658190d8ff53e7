import type { Random } from "@moorage/runtime"
import { newKey } from "@moorage/protocol"
import { parseSas, verifySas } from "@moorage/protocol"

/** What a shared access policy can allow (DPS and IoT Hub, "Control access"). */
export type Permission =
    | "ServiceConfig"
    | "EnrollmentRead"
    | "EnrollmentWrite"
    | "RegistrationStatusRead"
    | "RegistrationStatusWrite"
    | "RegistryRead"
    | "RegistryWrite"
    | "ServiceConnect"
    | "DeviceConnect"

/** A key that opens a service's API, as far as its permissions go. */
export interface SharedAccessPolicy {
    keyName: string
    /** Base64. */
    primaryKey: string
    secondaryKey?: string
    permissions: Permission[]
}

export type KeylessPolicy = Omit<SharedAccessPolicy, "primaryKey">

/** What a new DPS has. */
export const DPS_POLICIES: KeylessPolicy[] = [
    {
        keyName: "provisioningserviceowner",
        permissions: [
            "ServiceConfig",
            "EnrollmentRead",
            "EnrollmentWrite",
            "RegistrationStatusRead",
            "RegistrationStatusWrite",
        ],
    },
]

/** What a new IoT hub has. */
export const HUB_POLICIES: KeylessPolicy[] = [
    {
        keyName: "iothubowner",
        permissions: ["RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"],
    },
    { keyName: "service", permissions: ["ServiceConnect"] },
    { keyName: "device", permissions: ["DeviceConnect"] },
    { keyName: "registryRead", permissions: ["RegistryRead"] },
    { keyName: "registryReadWrite", permissions: ["RegistryRead", "RegistryWrite"] },
]

/** What writing includes (IoT Hub: RegistryReadWrite). */
const INCLUDED_IN: Partial<Record<Permission, Permission>> = {
    RegistryRead: "RegistryWrite",
    EnrollmentRead: "EnrollmentWrite",
    RegistrationStatusRead: "RegistrationStatusWrite",
}

const KEY_BYTES = 32

/** The shared access policies of one service. */
export class AccessPolicies {
    private created: SharedAccessPolicy[] | undefined

    /**
     * @param given the service's own default policies unless given, with new keys
     * @param onMade told of policies that got new keys
     */
    constructor(
        given: SharedAccessPolicy[] | undefined,
        private readonly defaults: KeylessPolicy[],
        private readonly random: Random,
        private readonly onMade: (made: SharedAccessPolicy[]) => void = () => undefined
    ) {
        this.created = given
    }

    /** Keys are made at first use: a run that never asks draws no randomness for them. */
    get policies(): SharedAccessPolicy[] {
        if (this.created) return this.created
        this.created = this.defaults.map(policy => ({
            ...policy,
            primaryKey: newKey(this.random, KEY_BYTES),
        }))
        this.onMade(this.created)
        return this.created
    }

    /** What the Azure SDKs take. @throws RangeError when there is no such policy */
    connectionString(hostName: string, keyName = this.policies[0]?.keyName): string {
        const policy = this.policies.find(each => each.keyName === keyName)
        if (!policy) throw new RangeError(`no shared access policy ${keyName}`)
        return `HostName=${hostName};SharedAccessKeyName=${keyName};SharedAccessKey=${policy.primaryKey}`
    }

    /** Whether an Authorization header opens `resource` for `permission` at `nowSec`. */
    allows(authorization: string, resource: string, permission: Permission, nowSec: number): boolean {
        const token = parseSas(authorization)
        const policy = this.policies.find(each => each.keyName === token?.policy)
        if (!policy) return false
        const { permissions, primaryKey, secondaryKey } = policy
        const wider = INCLUDED_IN[permission]
        if (!permissions.includes(permission) && !(wider && permissions.includes(wider))) return false
        const keys = secondaryKey ? [primaryKey, secondaryKey] : [primaryKey]
        return verifySas(token, resource, keys, nowSec)
    }
}
