-- The retail warehouse of the sample workspace, as its owner would dump it: PostgreSQL DDL.
-- All timestamps are UTC. Amounts are in the currency of the order unless the name ends in _eur.

-- Master data

CREATE TABLE countries (
    country_code   char(2)      PRIMARY KEY,
    name           varchar(80)  NOT NULL UNIQUE,
    region         varchar(40)  NOT NULL,
    currency_code  char(3)      NOT NULL
);

CREATE TABLE exchange_rates (
    currency_code  char(3)        NOT NULL,
    rate_date      date           NOT NULL,
    to_eur         numeric(14, 6) NOT NULL CHECK (to_eur > 0),
    PRIMARY KEY (currency_code, rate_date)
);

CREATE TABLE customers (
    customer_id        bigint        PRIMARY KEY,
    email              varchar(254)  NOT NULL UNIQUE,
    full_name          varchar(120)  NOT NULL,
    phone              varchar(32),
    country_code       char(2)       NOT NULL REFERENCES countries (country_code),
    loyalty_tier       varchar(10)   NOT NULL CHECK (loyalty_tier IN ('basic', 'silver', 'gold', 'platinum')),
    marketing_consent  boolean       NOT NULL,
    referred_by        bigint        REFERENCES customers (customer_id),
    created_at         timestamp     NOT NULL
);

CREATE TABLE addresses (
    address_id    bigint        PRIMARY KEY,
    customer_id   bigint        NOT NULL REFERENCES customers (customer_id),
    kind          varchar(10)   NOT NULL CHECK (kind IN ('billing', 'shipping')),
    street        varchar(200)  NOT NULL,
    city          varchar(100)  NOT NULL,
    postal_code   varchar(12),
    country_code  char(2)       NOT NULL REFERENCES countries (country_code),
    valid_from    date          NOT NULL,
    valid_to      date,
    CHECK (valid_to IS NULL OR valid_to > valid_from)
);

CREATE TABLE suppliers (
    supplier_id     integer       PRIMARY KEY,
    name            varchar(120)  NOT NULL,
    country_code    char(2)       NOT NULL REFERENCES countries (country_code),
    lead_time_days  integer       NOT NULL CHECK (lead_time_days >= 0),
    contact_email   varchar(254)
);

CREATE TABLE categories (
    category_id  integer      PRIMARY KEY,
    parent_id    integer      REFERENCES categories (category_id),
    name         varchar(80)  NOT NULL
);

CREATE TABLE products (
    product_id       bigint          PRIMARY KEY,
    sku              varchar(32)     NOT NULL UNIQUE,
    name             varchar(160)    NOT NULL,
    category_id      integer         NOT NULL REFERENCES categories (category_id),
    supplier_id      integer         REFERENCES suppliers (supplier_id),
    list_price       numeric(10, 2)  NOT NULL CHECK (list_price >= 0),
    unit_cost        numeric(10, 2)  NOT NULL CHECK (unit_cost >= 0),
    attributes       jsonb,
    discontinued_on  date
);

CREATE TABLE stores (
    store_id       integer       PRIMARY KEY,
    name           varchar(80)   NOT NULL UNIQUE,
    city           varchar(100)  NOT NULL,
    country_code   char(2)       NOT NULL REFERENCES countries (country_code),
    floor_area_m2  integer       CHECK (floor_area_m2 > 0),
    opened_on      date          NOT NULL,
    closed_on      date
);

CREATE TABLE employees (
    employee_id  integer       PRIMARY KEY,
    store_id     integer       NOT NULL REFERENCES stores (store_id),
    manager_id   integer       REFERENCES employees (employee_id),
    full_name    varchar(120)  NOT NULL,
    role         varchar(40)   NOT NULL,
    hired_on     date          NOT NULL,
    left_on      date
);

CREATE TABLE promotions (
    promotion_id  integer        PRIMARY KEY,
    code          varchar(24)    NOT NULL UNIQUE,
    description   varchar(200),
    discount_pct  numeric(5, 2)  NOT NULL CHECK (discount_pct BETWEEN 0 AND 100),
    starts_on     date           NOT NULL,
    ends_on       date           NOT NULL,
    CHECK (ends_on >= starts_on)
);

-- Transactions

CREATE TABLE orders (
    order_id       bigint          PRIMARY KEY,
    customer_id    bigint          NOT NULL REFERENCES customers (customer_id),
    store_id       integer         REFERENCES stores (store_id),
    sold_by        integer         REFERENCES employees (employee_id),
    promotion_id   integer         REFERENCES promotions (promotion_id),
    channel        varchar(10)     NOT NULL CHECK (channel IN ('web', 'app', 'store', 'phone')),
    status         varchar(12)     NOT NULL CHECK (status IN ('open', 'paid', 'shipped', 'completed', 'cancelled')),
    currency_code  char(3)         NOT NULL,
    order_total    numeric(12, 2)  NOT NULL CHECK (order_total >= 0),
    ordered_at     timestamp       NOT NULL,
    updated_at     timestamp       NOT NULL
);

CREATE TABLE order_items (
    order_id         bigint          NOT NULL REFERENCES orders (order_id),
    line_no          integer         NOT NULL,
    product_id       bigint          NOT NULL REFERENCES products (product_id),
    quantity         integer         NOT NULL CHECK (quantity > 0),
    unit_price       numeric(10, 2)  NOT NULL,
    discount_amount  numeric(10, 2)  NOT NULL,
    PRIMARY KEY (order_id, line_no)
);

CREATE TABLE payments (
    payment_id  bigint          PRIMARY KEY,
    order_id    bigint          NOT NULL REFERENCES orders (order_id),
    method      varchar(16)     NOT NULL,
    amount      numeric(12, 2)  NOT NULL CHECK (amount > 0),
    status      varchar(10)     NOT NULL CHECK (status IN ('pending', 'captured', 'failed', 'refunded')),
    paid_at     timestamp
);

CREATE TABLE shipments (
    shipment_id    bigint       PRIMARY KEY,
    order_id       bigint       NOT NULL REFERENCES orders (order_id),
    carrier        varchar(40)  NOT NULL,
    tracking_code  varchar(40)  UNIQUE,
    shipped_at     timestamp    NOT NULL,
    delivered_at   timestamp
);

CREATE TABLE returns (
    return_id      bigint          PRIMARY KEY,
    order_id       bigint          NOT NULL,
    line_no        integer         NOT NULL,
    reason         varchar(40),
    quantity       integer         NOT NULL CHECK (quantity > 0),
    refund_amount  numeric(10, 2)  NOT NULL,
    returned_at    timestamp       NOT NULL,
    FOREIGN KEY (order_id, line_no) REFERENCES order_items (order_id, line_no)
);

CREATE TABLE inventory (
    store_id       integer    NOT NULL REFERENCES stores (store_id),
    product_id     bigint     NOT NULL REFERENCES products (product_id),
    on_hand        integer    NOT NULL,
    reorder_point  integer    NOT NULL CHECK (reorder_point >= 0),
    counted_at     timestamp  NOT NULL,
    PRIMARY KEY (store_id, product_id)
);

CREATE TABLE reviews (
    review_id    bigint     PRIMARY KEY,
    product_id   bigint     NOT NULL REFERENCES products (product_id),
    customer_id  bigint     NOT NULL REFERENCES customers (customer_id),
    rating       smallint   NOT NULL CHECK (rating BETWEEN 1 AND 5),
    body         text,
    created_at   timestamp  NOT NULL,
    UNIQUE (product_id, customer_id)
);

CREATE TABLE web_events (
    event_id     bigint        PRIMARY KEY,
    session_id   varchar(40)   NOT NULL,
    customer_id  bigint        REFERENCES customers (customer_id),
    event_type   varchar(20)   NOT NULL,
    product_id   bigint        REFERENCES products (product_id),
    url          text          NOT NULL,
    campaign     varchar(60),
    occurred_at  timestamp     NOT NULL
);

-- What the pipeline makes out of them: staging, facts, dimensions, marts

CREATE TABLE stg_orders (
    order_id         bigint          NOT NULL,
    customer_id      bigint          NOT NULL,
    store_id         integer,
    channel          varchar(10)     NOT NULL,
    status           varchar(12)     NOT NULL,
    order_total_eur  numeric(14, 2),
    order_date       date            NOT NULL,
    ordered_at       timestamp       NOT NULL
);

CREATE TABLE fct_sales (
    order_id      bigint          NOT NULL,
    line_no       integer         NOT NULL,
    order_date    date            NOT NULL,
    customer_id   bigint          NOT NULL,
    product_id    bigint          NOT NULL,
    store_id      integer,
    channel       varchar(10)     NOT NULL,
    quantity      integer         NOT NULL,
    net_eur       numeric(14, 2),
    margin_eur    numeric(14, 2),
    PRIMARY KEY (order_id, line_no)
);

CREATE TABLE fct_daily_sales (
    sales_date     date            NOT NULL,
    store_id       integer         NOT NULL,
    orders         bigint          NOT NULL,
    gross_revenue  numeric(14, 2)  NOT NULL,
    PRIMARY KEY (sales_date, store_id)
);

CREATE TABLE dim_customer (
    customer_id     bigint        PRIMARY KEY,
    email           varchar(254)  NOT NULL,
    full_name       varchar(120)  NOT NULL,
    country_name    varchar(80)   NOT NULL,
    region          varchar(40)   NOT NULL,
    loyalty_tier    varchar(10)   NOT NULL,
    first_order_on  date,
    updated_at      timestamp     NOT NULL
);

CREATE TABLE customer_lifetime_value (
    customer_id       bigint    NOT NULL,
    orders            bigint    NOT NULL,
    lifetime_revenue  numeric   NOT NULL,
    refunded          numeric   NOT NULL,
    last_ordered_at   timestamp
);

CREATE TABLE mart_customer_monthly (
    month         date            NOT NULL,
    customer_id   bigint          NOT NULL,
    region        varchar(40)     NOT NULL,
    orders        bigint          NOT NULL,
    revenue_eur   numeric(14, 2),
    margin_eur    numeric(14, 2)
);

CREATE TABLE web_sessions (
    session_id   varchar(40)  NOT NULL,
    customer_id  bigint,
    campaign     varchar(60),
    started_at   timestamp    NOT NULL,
    ended_at     timestamp    NOT NULL,
    pages        bigint       NOT NULL,
    added        bigint       NOT NULL,
    purchased    bigint       NOT NULL
);

CREATE TABLE product_performance (
    product_id      bigint          PRIMARY KEY,
    sku             varchar(32)     NOT NULL,
    units_sold      bigint          NOT NULL,
    revenue_eur     numeric(14, 2),
    average_rating  numeric(4, 2),
    refreshed_on    date            NOT NULL
);

CREATE TABLE price_history (
    product_id  bigint          NOT NULL REFERENCES products (product_id),
    valid_from  date            NOT NULL,
    list_price  numeric(10, 2)  NOT NULL,
    PRIMARY KEY (product_id, valid_from)
);
