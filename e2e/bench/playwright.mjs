// The same journey as scenarios/mapp/opt-out.yaml, with playwright-core as people
// use it: a context for each journey, its requests and cookies collected. It
// reads "PARALLEL JOURNEYS" lines and answers each with a line of JSON.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const { chromium } = createRequire(process.argv[2] + '/')('playwright-core');
const [, , , executablePath, proxy] = process.argv;
const browser = await chromium.launch({
  executablePath,
  proxy: { server: proxy },
  args: ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
});

const site = 'https://www.shop.test';
const hit = (request) => /\/[0-9]{15}\/wt$/.test(new URL(request.url()).pathname);

async function journey() {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const requests = [];
  page.on('request', (request) => requests.push({ url: request.url(), method: request.method(), headers: request.headers(), body: request.postData() }));
  const jars = [];
  const open = async (path) => {
    await Promise.all([page.waitForRequest(hit), page.goto(site + path)]);
    jars.push(await context.cookies());
  };
  const click = async (selector) => {
    await page.click(selector);
    jars.push(await context.cookies());
  };
  await open('/');
  await click('#opt-out');
  await open('/products');
  await open('/');
  await click('#opt-back');
  await open('/');
  await context.close();
  const hits = requests.filter((request) => request.url.includes('/wt?'));
  if (hits.length !== 4 || !hits[1].url.includes('nc=1') || !hits[2].url.includes('nc=1') || jars.length !== 6) throw new Error('the journey went wrong: ' + JSON.stringify(hits));
}

for await (const line of createInterface({ input: process.stdin })) {
  const [parallel, journeys] = line.split(' ').map(Number);
  let left = journeys;
  const began = performance.now();
  await Promise.all(Array.from({ length: parallel }, async () => {
    while (left-- > 0) await journey();
  }));
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000 }));
}
await browser.close();
