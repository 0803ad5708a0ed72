-- The functions of dispatch: made by `specstep fleet init`, after our tables and Procrastinate's.

-- Whose session is there: it holds the advisory lock of its worker's id.
CREATE OR REPLACE FUNCTION live_workers(class integer) RETURNS SETOF workers
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT workers.* FROM workers JOIN pg_locks ON
    locktype = 'advisory' AND objsubid = 2 AND granted AND mode = 'ExclusiveLock' AND objid = workers.id::oid
    AND classid = ((class::bigint + 4294967296) % 4294967296)::oid
    AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
$$;

-- One job a run. Whatever connection it is called on, and whatever transaction is open there: the job is there with
-- whatever else that transaction writes. A run that waits in the queue already needs no second one.
CREATE OR REPLACE FUNCTION defer_run(run text, key text) RETURNS boolean
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM procrastinate_defer_jobs_v1(ARRAY[
    ROW(key, 'specstep.drive', 0, NULL, run, jsonb_build_object('run_id', run), NULL)::procrastinate_job_to_defer_v1
  ]);
  RETURN true;
EXCEPTION WHEN unique_violation THEN
  RETURN false;
END $$;

-- A job is to be fetched again, by whoever listens, who is told at once (Procrastinate itself tells of new jobs alone),
-- and once of all that one transaction puts back: what is said of each is the same.
CREATE OR REPLACE FUNCTION put_back(job bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM procrastinate_retry_job_v2(job, at, NULL, NULL, NULL);
  PERFORM pg_notify('procrastinate_queue_v1#' || queue_name, '{"type": "job_inserted"}')
  FROM procrastinate_jobs WHERE id = job;
END $$;
