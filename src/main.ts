// The full image: stores its assignment in flash, has a twin, a status LED and a button.
import { moor } from "@moorage/device"
import {
    reprovisionRequested,
    countCrash,
    openTwinSession,
    recallFromFlash,
    onTwinMessage,
    storeInFlash,
    runStatusLed,
} from "@moorage/device/full"

moor({
    name: "main",
    recallAssignment: recallFromFlash,
    storeAssignment: storeInFlash,
    countCrash: countCrash,
    runStatusLed: runStatusLed,
    reprovisionRequested: reprovisionRequested,
    onSessionOpen: openTwinSession,
    onMessage: onTwinMessage,
})
