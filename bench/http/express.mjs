// The conventional floor: Express 5, pg and jsonwebtoken in one process, on Node if it is installed.
import { randomUUID } from 'node:crypto';
import express from 'express';
import jsonwebtoken from 'jsonwebtoken';
import pg from 'pg';

const { postgres, secret, tenant, author, statements } = JSON.parse(process.env.FLOOR);
const pool = new pg.Pool({ connectionString: postgres, max: 8 });
const app = express();

app.use(express.json());
app.use((request, _response, next) => {
  jsonwebtoken.verify(request.headers.authorization?.slice('Bearer '.length) ?? '', secret);
  next();
});
app.get('/conversations', async (_request, response) => {
  response.json((await pool.query(statements.list, [tenant])).rows);
});
app.get('/conversations/:id', async (request, response) => {
  const { rows } = await pool.query(statements.one, [tenant, request.params.id]);
  if (rows[0]) response.json(rows[0]);
  else response.status(404).end();
});
app.post('/conversations/:id/messages', async (request, response) => {
  response.status(201).json(await reply(request.params.id, request.body.body));
});

async function reply(id, body) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const counted = await client.query(statements.count, [tenant, id]);
    const sequence = counted.rows[0].message_count;
    const values = [tenant, randomUUID(), id, sequence, author, body];
    const [message] = (await client.query(statements.reply, values)).rows;
    await client.query(statements.notify, [tenant, randomUUID(), JSON.stringify({ message }), 'b']);
    await client.query('commit');
    return message;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

const server = app.listen(0, '127.0.0.1', () => {
  process.on('message', ({ id }) => process.send({ id, result: Date.now() }));
  process.send({ id: 0, result: `http://127.0.0.1:${server.address().port}` });
});
