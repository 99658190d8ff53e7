import type { Random } from "@moorage/runtime"
import { newKey } from "@moorage/protocol"
import { parseSasToken, verifySasToken } from "./sas-verification.js"

/** The permissions of shared access policies (Microsoft, "Control access" to DPS and to IoT Hub). */
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

/** A key of a service API and the permissions of its holder. */
export interface SharedAccessPolicy {
    keyName: string
    /** Base64. */
    primaryKey: string
    secondaryKey?: string
    permissions: Permission[]
}

export type KeylessPolicy = Omit<SharedAccessPolicy, "primaryKey">

/** The policies of a new DPS instance. */
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

/** The policies of a new IoT hub. */
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

/** The write permission that includes each read permission (IoT Hub: RegistryReadWrite). */
const INCLUDED_IN: Partial<Record<Permission, Permission>> = {
    RegistryRead: "RegistryWrite",
    EnrollmentRead: "EnrollmentWrite",
    RegistrationStatusRead: "RegistrationStatusWrite",
}

const KEY_BYTES = 32

/** The access that a client requests. */
interface AccessRequest {
    resource: string
    permission: Permission
    /** Unix time. */
    nowSec: number
}

export interface AccessPoliciesOptions {
    /** The policies (default: `defaults` with new keys). */
    current?: SharedAccessPolicy[]
    defaults: KeylessPolicy[]
    random: Random
    /** Called when the default policies get new keys. */
    onCreated: (created: SharedAccessPolicy[]) => void
}

/** The shared access policies of one service. */
export class AccessPolicies {
    private current: SharedAccessPolicy[] | undefined

    constructor(private readonly options: AccessPoliciesOptions) {
        this.current = options.current
    }

    /** The policies. Keys are created at first use, so that a run without service calls draws no random numbers. */
    get policies(): SharedAccessPolicy[] {
        if (this.current) return this.current
        const { defaults, random, onCreated } = this.options
        this.current = defaults.map(policy => ({ ...policy, primaryKey: newKey(random, KEY_BYTES) }))
        onCreated(this.current)
        return this.current
    }

    /** Returns the connection string for the Azure SDKs. @throws RangeError if the policy does not exist */
    connectionString(hostName: string, keyName = this.policies[0]?.keyName): string {
        const policy = this.policies.find(each => each.keyName === keyName)
        if (!policy) throw new RangeError(`unknown shared access policy ${keyName}`)
        return `HostName=${hostName};SharedAccessKeyName=${keyName};SharedAccessKey=${policy.primaryKey}`
    }

    /** Returns whether an Authorization header grants `permission` on `resource` at `nowSec`. */
    allows(authorization: string, { resource, permission, nowSec }: AccessRequest): boolean {
        const token = parseSasToken(authorization)
        const policy = this.policies.find(each => each.keyName === token?.policy)
        if (!policy) return false
        const { permissions, primaryKey, secondaryKey } = policy
        const including = INCLUDED_IN[permission]
        if (!permissions.includes(permission) && !(including && permissions.includes(including))) return false
        const keys = secondaryKey ? [primaryKey, secondaryKey] : [primaryKey]
        return verifySasToken(token, { resource, keys, nowSec })
    }
}
