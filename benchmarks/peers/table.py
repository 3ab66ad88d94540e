"""The one table of the straightforward service."""

from typing import Final

TABLE: Final = """
CREATE TABLE contract (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), request_id uuid NOT NULL, employer text NOT NULL,
    external_id text NOT NULL, number text NOT NULL, concluded_on date NOT NULL, employee_iin text NOT NULL,
    starts_on date NOT NULL, term_code text NOT NULL, ends_on date, position_code text NOT NULL,
    established_post text NOT NULL, employment_type text NOT NULL, working_hours text, tariff_rate numeric,
    rest_note text, remote_work text NOT NULL, country text, kato text, address text, military boolean,
    UNIQUE (employer, number), UNIQUE (employer, external_id)
)"""
