import { array, literal, minLength, enum as oneOf, optional, regex, strictObject, string } from 'zod/mini';

/**
 * OSCAL's assessment results as far as we write them: names, what is required and the patterns of values, taken from the model's
 * JSON reference (https://pages.nist.gov/OSCAL-Reference/models/v1.1.3/assessment-results/json-reference/). What we do not write is not allowed.
 */
const uuid = string().check(regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/));
const token = string().check(regex(/^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$/u));
/** One line that neither begins nor ends with a blank. */
const text = string().check(regex(/^\S(.*\S)?$/u));
const time = string().check(regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/));
const some = <T extends Parameters<typeof array>[0]>(shape: T) => array(shape).check(minLength(1));

const props = some(strictObject({ name: token, ns: string().check(regex(/^https:/)), value: text }));
const observationRefs = some(strictObject({ 'observation-uuid': uuid }));

const observation = strictObject({
  uuid,
  title: optional(text),
  description: text,
  props: optional(props),
  methods: some(oneOf(['EXAMINE', 'INTERVIEW', 'TEST'])),
  subjects: optional(some(strictObject({ 'subject-uuid': uuid, type: token }))),
  collected: time,
});

const risk = strictObject({
  uuid,
  title: text,
  description: text,
  statement: text,
  props: optional(props),
  status: oneOf(['open', 'investigating', 'remediating', 'deviation-requested', 'deviation-approved', 'closed']),
  deadline: optional(time),
  remediations: some(
    strictObject({
      uuid,
      lifecycle: oneOf(['recommendation', 'planned', 'completed']),
      title: text,
      description: text,
    }),
  ),
  'related-observations': observationRefs,
});

const finding = strictObject({
  uuid,
  title: text,
  description: text,
  target: strictObject({
    type: literal('objective-id'),
    'target-id': token,
    status: strictObject({ state: oneOf(['satisfied', 'not-satisfied']) }),
  }),
  'related-observations': optional(observationRefs),
  'related-risks': optional(some(strictObject({ 'risk-uuid': uuid }))),
});

const result = strictObject({
  uuid,
  title: text,
  description: text,
  start: time,
  end: time,
  'local-definitions': strictObject({
    components: some(
      strictObject({
        uuid,
        type: text,
        title: text,
        description: text,
        status: strictObject({ state: literal('operational') }),
      }),
    ),
  }),
  'reviewed-controls': strictObject({
    'control-selections': some(strictObject({ 'include-controls': some(strictObject({ 'control-id': token })) })),
  }),
  observations: some(observation),
  risks: optional(some(risk)),
  findings: some(finding),
});

export const oscalShape = strictObject({
  'assessment-results': strictObject({
    uuid,
    metadata: strictObject({ title: text, 'last-modified': time, version: text, 'oscal-version': text }),
    'import-ap': strictObject({ href: string().check(regex(/^#[0-9a-f-]{36}$/)) }),
    results: some(result),
    'back-matter': strictObject({ resources: some(strictObject({ uuid, title: text, description: text })) }),
  }),
});
