// The status of a fleet, read from the service API of DPS (R40 to R44).
export {
    type Failure,
    type GroupSurvey,
    type HourSurvey,
    survey,
    type Survey,
    type SurveyOptions,
} from "./survey.js"
