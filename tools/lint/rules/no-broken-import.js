import { rule } from "../define-rule.js"

/** module -> exported name -> what is wrong with it, and what to use. */
const BROKEN = {
    "@devicescript/runtime": {
        encodeURIComponent: "encodes none of / + = & (facts D14). Use percentEncode of devs/auth/percent",
        Map: "searches a list from its start at each access (facts 1.1). Use an object or an array",
        Set: "searches a list from its start at each access (facts 1.1). Use an object or an array",
        Number: "has a parseInt that returns garbage without a radix (facts 1.2). Use the global parseInt",
    },
    "@devicescript/net": {
        MQTTClient: "loses and mixes up packets (facts 3.4). Use devs/mqtt/client",
        startMQTTClient: "loses and mixes up packets (facts 3.4). Use devs/mqtt/client",
        fetch: "takes the one socket away from MQTT (facts 3.1). Use devs/http/client",
        encryptedFetch: "takes the one socket away from MQTT (facts 3.1). Use devs/http/client",
    },
}

export const noBrokenImport = rule("`{{name}}` of {{module}} {{why}}", (context, report) => {
    const check = (node, module, name) => {
        const why = BROKEN[module]?.[name]
        if (why) report(node, { name, module, why })
    }
    return {
        ImportSpecifier(node) {
            if (node.importKind !== "type" && node.parent.importKind !== "type")
                check(node, node.parent.source.value, node.imported.name)
        },
        /** `import * as net` ... `net.fetch` */
        ImportNamespaceSpecifier(node) {
            const [variable] = context.sourceCode.getDeclaredVariables(node)
            for (const { identifier } of variable.references) {
                const use = identifier.parent
                if (use.type === "MemberExpression" && use.object === identifier)
                    check(use, node.parent.source.value, use.property.name)
            }
        },
        ExportNamedDeclaration(node) {
            for (const specifier of node.specifiers) {
                if (node.source) check(specifier, node.source.value, specifier.local.name)
            }
        },
    }
})
